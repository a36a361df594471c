"""A look at how hard a picture is to encode, before its ladder is chosen: short, and never waited for.

From each of a few places of the film come a keyframe and the frames after it, coded by the fastest means there is:
once whole and small, once the middle as it is. What they cost tells what a real encode will (see title.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from fractions import Fraction

from .encode import DEFAULT_OPTIONS, EncoderOptions, check_exit
from .faults import EncoderFailed, MediaFault
from .ffmpeg import MIB, READ_BYTES, ProcessLimits, running
from .model import Plan
from .source_access import MAX_ALLOC_BYTES, confinement
from .title import SMALL_SIDE, SURVEY_CRF, Cost, Place, Survey
from .video_argv import source_input

PATIENCE_SECONDS = 0.8
"""What is not known by then is not waited for: people wait for the plan. An idle machine needs half of it."""

SHARES = tuple(Fraction(share, 12) for share in (5, 9, 1, 7, 3, 11))
"""Where to look, as shares of the film; far apart first, so that those done in time tell of all of it."""

APART_SECONDS = 2  # in a short film places closer to each other show the same
FRAMES = 10  # of a place: what moves shows in a third of a second
DETAIL_SHARE = 3  # of each side: a ninth of the picture, unshrunk
LEAST_SIDE = 96  # of what is coded; less is all border
_AT_ONCE = 2


async def survey(
    source: str, plan: Plan, *, patience: float = PATIENCE_SECONDS, options: EncoderOptions = DEFAULT_OPTIONS
) -> Survey | None:
    """What the film costs at a few places, by a plan of it; None where that cannot be told, or not in time.

    Raises nothing of its own: a source that is damaged here may be sound elsewhere, and cells will tell.
    """
    entries = survey_entries(plan) if patience > 0 else []
    found: list[Place] = []
    turns = asyncio.Semaphore(_AT_ONCE)

    async def look(entry: Fraction | None) -> None:
        async with turns:
            try:
                found.append(await _look(source, plan, entry, options))
            except (MediaFault, EncoderFailed, OSError, ValueError):
                return

    try:
        async with asyncio.timeout(patience), asyncio.TaskGroup() as looks:
            for entry in entries:
                looks.create_task(look(entry))
    except TimeoutError:
        pass
    enough = 2 * len(found) > len(entries)  # else what was missed may be the harder half
    return Survey(min(plan.source.width, plan.source.height), tuple(found)) if enough else None


def survey_entries(plan: Plan) -> list[Fraction | None]:
    """Where to enter the source, in seconds of the grid; None is its beginning. Empty: there is nothing to choose."""
    source = plan.source
    if len(plan.video) < 2 or not source.seekable or min(_detail_size(plan)) < LEAST_SIDE:
        return []
    if source.hdr:  # before it is tone-mapped it costs less
        return []
    start, end = Fraction(*source.video_start), Fraction(*source.video_end)
    places = max(1, min(len(SHARES), int((end - start) / APART_SECONDS)))
    points = [start + (end - start) * share for share in SHARES]
    return list(points) if places == len(SHARES) else [None, *points[: places - 1]]


def survey_argv(
    ffmpeg: str, source: str, plan: Plan, outputs: Sequence[str], *, entry: Fraction | None, max_pixels: int
) -> list[str]:
    """Writes what each frame costs, small to the first output and in detail to the second, a line a frame."""
    small, detail = _small_size(plan), _detail_size(plan)
    graph = (
        f"[0:{plan.source.video_stream}]trim=end_frame={FRAMES},split[whole][middle];"
        f"[whole]scale={small[0]}:{small[1]}:flags=area,format=yuv420p[small];"
        f"[middle]crop={detail[0]}:{detail[1]},format=yuv420p[detail]"
    )
    return [
        ffmpeg, "-hide_banner", "-nostdin", "-v", "error",
        "-max_alloc", str(MAX_ALLOC_BYTES),
        "-threads", "1",  # as many looks as processors go on beside each other
        "-an", "-sn", "-dn",
        *source_input(source, plan, entry, max_pixels),
        "-filter_complex_threads", "1",
        "-filter_complex", graph,
        *_output("[small]", outputs[0]), *_output("[detail]", outputs[1]),
    ]  # fmt: skip


def read_cost(lines: str, pixels: int) -> Cost:
    """From FFmpeg's list of packets, whose fifth field is the size, to bits a pixel. ValueError when it is short."""
    sizes = [int(line.split(",")[4]) for line in lines.splitlines() if line and not line.startswith("#")]
    if len(sizes) < 2:
        raise ValueError("there are too few frames to tell")
    key, *rest = sizes
    return Cost(key=8 * key / pixels, rest=8 * sum(rest) / len(rest) / pixels)


async def _look(source: str, plan: Plan, entry: Fraction | None, options: EncoderOptions) -> Place:
    def argv(outputs: Sequence[str]) -> list[str]:
        return survey_argv(options.ffmpeg, source, plan, outputs, entry=entry, max_pixels=options.max_pixels)

    limits = ProcessLimits(
        wall_seconds=60.0,  # the survey's own clock is shorter
        cpu_seconds=10,
        address_space=2048 * MIB,
        niceness=options.limits.niceness,
        terminate_grace=0.0,  # it has nothing to put in order
    )
    async with running(argv, outputs=2, confinement=confinement(options.ffmpeg, source), limits=limits) as process:
        small, detail = await asyncio.gather(*(_read(output) for output in process.outputs))
        await check_exit(process, source)
    return Place(
        small=read_cost(small, _area(_small_size(plan))), detail=read_cost(detail, _area(_detail_size(plan)))
    )


async def _read(output: asyncio.StreamReader) -> str:
    said = bytearray()
    while data := await output.read(READ_BYTES):
        said += data
    return said.decode("ascii", "replace")


def _output(label: str, output: str) -> list[str]:
    return [
        "-map", label,
        "-c:v", "libx264", "-preset", "ultrafast", "-threads", "1", "-crf", str(SURVEY_CRF),
        "-x264-params", "cpu-independent=1:scenecut=0:keyint=999",
        "-flags:v", "+bitexact",  # else the first frame carries a note of the encoder's version
        "-fps_mode", "passthrough",
        "-f", "framecrc", output,
    ]  # fmt: skip


def _small_size(plan: Plan) -> tuple[int, int]:
    return _sized(plan, min(Fraction(1), Fraction(SMALL_SIDE, min(plan.source.width, plan.source.height))))


def _detail_size(plan: Plan) -> tuple[int, int]:
    return _sized(plan, Fraction(1, DETAIL_SHARE))


def _sized(plan: Plan, scale: Fraction) -> tuple[int, int]:
    return (2 * round(plan.source.width * scale / 2), 2 * round(plan.source.height * scale / 2))


def _area(size: tuple[int, int]) -> int:
    return size[0] * size[1]
