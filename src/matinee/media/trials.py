"""Trial encodes: what each rung of the ladder costs, and how good it looks, at a few places of a film.

A place is a keyframe and the pictures after it. Each rung encodes it as its cells will be encoded, with two CRFs, and
beside them as a yardstick does; the same process decodes that again and compares it with the source (VMAF, as a
screen of the source's size shows it).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from fractions import Fraction

from msgspec.structs import replace

from .encode import EncoderOptions, check_exit
from .encoder_argv import encoder_argv
from .faults import EncoderFailed, MediaFault
from .ffmpeg import MIB, READ_BYTES, ProcessLimits, running
from .model import Plan, VideoRendition
from .source_access import MAX_ALLOC_BYTES, confinement
from .title import STEPS, Place, Places, Trial
from .video_argv import rung_filters, source_input

LEAST_SECONDS = 300
"""Of a film. At 1080p its trials take as long as 20 to 40 seconds of it, and save a tenth of the whole and more."""

SHARES = tuple(Fraction(share, 12) for share in (5, 9, 1, 7))
"""Where to look, as shares of the film; far apart first."""
APART_SECONDS = 2  # in a short film places closer to each other show the same
FRAMES = 10  # of a place: what moves shows in a third of a second
EVERY = 5  # frames of which one is compared: VMAF takes a sixth of a second for one of 1080p
MOST_SIDE = 1080
"""Lines at which pictures are compared, at most: VMAF's model was trained there, and more would take gigabytes."""

_AT_ONCE = 2
_TOGETHER = 2  # encodes in one process, which takes less memory than one of a cell
_WALL_SECONDS = 60.0
_SCORE = re.compile(r"libvmaf@t(\d+) @ [^\]]*\] VMAF score: ([\d.]+)")
# Else FFmpeg turns the colours of the one into those that the other is tagged with, before they are compared.
_UNTAGGED = "setparams=range=unknown:color_primaries=unknown:color_trc=unknown:colorspace=unknown"


def worth_trying(plan: Plan) -> bool:
    """Whether its trials cost little beside what they save: a film of some minutes, and a ladder to choose from."""
    return not plan.titled and plan.grid.duration >= LEAST_SECONDS and bool(trial_entries(plan))


async def try_ladder(source: str, plan: Plan, *, options: EncoderOptions) -> dict[str, Places]:
    """By rung that is tried, its trials; none where the film is not one to try anything with.

    The lowest rung is not tried: it always stays, and takes too few bits to save any. A place that cannot be encoded
    is left out: it may be damaged where others are sound, and cells will tell.
    """
    entries = trial_entries(plan)
    rungs = [rung for rung in plan.video[1:] if min(rung.width, rung.height) <= MOST_SIDE]
    turns = asyncio.Semaphore(_AT_ONCE)
    found: dict[tuple[str, int], Place] = {}

    async def attempt(rung: VideoRendition, place: int) -> None:
        async with turns:
            try:
                found[rung.name, place] = await _try(source, plan, rung, entries[place], options)
            except (MediaFault, EncoderFailed, ValueError):
                return

    async with asyncio.TaskGroup() as attempts:
        for place in range(len(entries)):
            for rung in rungs:
                attempts.create_task(attempt(rung, place))
    whole = [place for place in range(len(entries)) if all((rung.name, place) in found for rung in rungs)]
    return {rung.name: tuple(found[rung.name, place] for place in whole) for rung in rungs} if whole else {}


def trial_entries(plan: Plan) -> list[Fraction | None]:
    """Where to enter the source, in seconds of the grid; None is its beginning. Empty: there is nothing to choose."""
    source = plan.source
    if len(plan.video) < 2 or not source.seekable or source.hdr:  # nothing is known of how bright HDR is meant
        return []
    if any(rung.encoder != "libx264" or rung.states_cap for rung in plan.video):
        return []
    start, end = Fraction(*source.video_start), Fraction(*source.video_end)
    places = max(1, min(len(SHARES), int((end - start) / APART_SECONDS)))
    points = [start + (end - start) * share for share in SHARES]
    return list(points) if places == len(SHARES) else [None, *points[: places - 1]]


def trial_argv(
    ffmpeg: str,
    source: str,
    plan: Plan,
    tried: Sequence[VideoRendition],
    outputs: Sequence[str],
    *,
    entry: Fraction | None,
    max_pixels: int,
) -> list[str]:
    """Encodes a place by each of these, which are one rung: writes what each frame costs, and says how good it is."""
    tries = range(len(tried))
    steps = ["bwdif=mode=send_frame:deint=interlaced"] if plan.source.interlaced else []
    steps += [f"fps={plan.grid.rate.num}/{plan.grid.rate.den}", f"trim=end_frame={FRAMES}", "setpts=N"]
    head = f"[0:{plan.source.video_stream}]{','.join(steps)}"
    side = Fraction(min(MOST_SIDE, plan.source.width, plan.source.height), min(plan.source.width, plan.source.height))
    size = f"scale={2 * round(plan.source.width * side / 2)}:{2 * round(plan.source.height * side / 2)}:flags=bicubic"
    shown = f"{size},format=yuv420p,{_UNTAGGED},setpts=N"
    # The film is cut off before it is shared out: whoever waits for the encoder would be sent all that follows.
    encoded = [
        f"{head},split[film][original]",
        f"[film]{rung_filters(plan, tried[0])},split={len(tries)}{''.join(f'[e{place}]' for place in tries)}",
        f"[original]{shown},split={len(tries)}{''.join(f'[o{place}]' for place in tries)}",
    ]
    compared = []
    for place in tries:
        compared.append(f"[dec:{place}]{shown}[s{place}]")
        compared.append(f"[s{place}][o{place}]libvmaf@t{place}=n_subsample={EVERY}:shortest=1[v{place}]")
    return [
        ffmpeg, "-hide_banner", "-nostdin", "-nostats",
        "-v", "info",  # the score is information
        "-max_alloc", str(MAX_ALLOC_BYTES),
        "-threads", "1",  # as many trials as processors go on beside each other
        "-an", "-sn", "-dn",
        *source_input(source, plan, entry, max_pixels),
        "-filter_complex_threads", "1",
        "-filter_complex", ";".join(encoded),
        *(argument for place in tries for argument in _output(tried[place], place, outputs[place])),
        *(argument for place in tries for argument in ("-dec", f"{place}:0")),
        "-filter_complex", ";".join(compared),
        *(argument for place in tries for argument in ("-map", f"[v{place}]", "-f", "null", "-")),
    ]  # fmt: skip


def read_trials(said: str, costs: Sequence[str]) -> list[Trial]:
    """From what the command said and wrote; ValueError when that is short."""
    scores = {int(place): float(score) for place, score in _SCORE.findall(said)}
    trials = []
    for place, lines in enumerate(costs):
        # FFmpeg's list of packets, whose fifth field is the size
        sizes = [int(line.split(",")[4]) for line in lines.splitlines() if line and not line.startswith("#")]
        if len(sizes) < 2 or place not in scores:
            raise ValueError("there are too few frames to tell")
        key, *rest = sizes
        trials.append(Trial(vmaf=scores[place], key=8 * key, rest=8 * sum(rest) / len(rest)))
    return trials


def tried_as(rung: VideoRendition) -> list[VideoRendition]:
    """The rung with each of STEPS, and last the yardstick."""
    return [*(replace(rung, crf=rung.crf + step) for step in STEPS), replace(rung, preset="veryfast", params="")]


async def _try(
    source: str, plan: Plan, rung: VideoRendition, entry: Fraction | None, options: EncoderOptions
) -> Place:
    tried, trials = tried_as(rung), list[Trial]()
    for first in range(0, len(tried), _TOGETHER):
        trials += await _try_some(source, plan, tried[first : first + _TOGETHER], entry, options)
    return Place(yardstick=trials[-1].vmaf, trials=tuple(trials[:-1]))


async def _try_some(
    source: str, plan: Plan, tried: Sequence[VideoRendition], entry: Fraction | None, options: EncoderOptions
) -> list[Trial]:
    def argv(outputs: Sequence[str]) -> list[str]:
        return trial_argv(options.ffmpeg, source, plan, tried, outputs, entry=entry, max_pixels=options.max_pixels)

    limits = ProcessLimits(
        wall_seconds=_WALL_SECONDS,
        cpu_seconds=int(_WALL_SECONDS),
        address_space=3072 * MIB,
        niceness=options.limits.niceness,
    )
    allowed = confinement(options.ffmpeg, source)
    async with running(argv, outputs=len(tried), confinement=allowed, limits=limits) as process:
        with options.held_back(process):
            costs = await asyncio.gather(*(_read(output) for output in process.outputs))
            await check_exit(process, source)
        return read_trials(process.stderr_tail, costs)


async def _read(output: asyncio.StreamReader) -> str:
    said = bytearray()
    while data := await output.read(READ_BYTES):
        said += data
    return said.decode("ascii", "replace")


def _output(rung: VideoRendition, place: int, output: str) -> list[str]:
    return [
        "-map", f"[e{place}]",
        *encoder_argv(rung),
        "-g", str(2 * FRAMES), "-sc_threshold", "0",
        "-flags:v", "+bitexact",  # else the first frame carries a note of the encoder's version
        "-fps_mode", "passthrough",
        "-f", "framecrc", output,
    ]  # fmt: skip
