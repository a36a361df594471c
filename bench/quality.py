"""What the ladder of a title costs against the usual one, at what quality: bytes, VMAF and CPU time of every rung.

The usual ladder is that of recipe r2: CRF 23, veryfast, the caps of `media/ladder.py`, the same for every film. VMAF
(model vmaf_v0.6.1, the mean of its frames) is of a rung as a screen of the source's size shows it: scaled up again.
"""

import asyncio
import hashlib
import json
import math
import resource
import subprocess
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from itertools import pairwise
from pathlib import Path

import msgspec
from msgspec.structs import replace

from bench.clips import Clip, clips
from bench.plot import plot
from bench.servers import Site
from bench.tables import Row, Target, progress, report
from matinee.media.binaries import find_binaries
from matinee.media.encode import EncoderOptions, encode_cells
from matinee.media.ffmpeg import ProcessLimits
from matinee.media.ladder import ladder
from matinee.media.model import Plan, VideoRendition
from matinee.media.plan import make_plan, titled
from matinee.media.probe import probe
from matinee.media.title import fit
from matinee.media.trials import try_ladder

_BYTES = Target("≤", 0.75)
_LOSS = Target("≤", 1.0)
_OVERTAKEN = Target("≤", 0)
_CPU = Target("≤", 1.10)
_EVERY = 5  # frames; VMAF of all of them says the same to a tenth
_OPTIONS = EncoderOptions(limits=ProcessLimits(niceness=15))
# Else FFmpeg turns the colours of the one into those that the other is tagged with, before they are compared.
_UNTAGGED = "setparams=range=unknown:color_primaries=unknown:color_trc=unknown:colorspace=unknown"


class Point(msgspec.Struct, frozen=True):
    """A rung of a clip, measured."""

    name: str
    cap: int
    bytes: int
    vmaf: float
    cpu: float
    """Seconds, with decoding and scaling."""


class Outcome(msgspec.Struct, frozen=True):
    """A clip's two ladders, lowest rung first."""

    clip: str
    kind: str
    fitted: bool
    reason: str
    usual: tuple[Point, ...]
    title: tuple[Point, ...]

    @property
    def ratio(self) -> float:
        """Bytes of the whole ladder, against the usual one."""
        return sum(point.bytes for point in self.title) / sum(point.bytes for point in self.usual)

    @property
    def cpu_ratio(self) -> float:
        """Seconds of CPU of the whole ladder, against the usual one."""
        return sum(point.cpu for point in self.title) / sum(point.cpu for point in self.usual)

    @property
    def loss(self) -> float:
        """By how much VMAF falls at most on any connection for which the usual ladder has a rung."""
        return max(step.vmaf - _fitting(self.title, step.cap).vmaf for step in self.usual)

    @property
    def at_equal_quality(self) -> float:
        """Bits of the title's ladder at the VMAF of the usual one, averaged over the VMAF that both reach."""
        return equal_quality_ratio(self.usual, self.title)


def run(site: Site, *, seconds: float, rounds: int) -> None:
    """Prints the table. `seconds` is the length of a clip."""
    del rounds
    measure(site.folder, round(min(seconds, 4.0)), 1080)


def measure(folder: Path, seconds: int, height: int, names: Sequence[str] = ()) -> None:
    """The table of these clips, or of all; what was measured before is not measured again."""
    kept = folder / "quality"
    kept.mkdir(exist_ok=True)
    outcomes = []
    for clip in clips(folder, seconds, height):
        if names and clip.name not in names:
            continue
        outcomes.append(asyncio.run(_outcome(clip, kept)))
        progress(_line(outcomes[-1]))
    if not outcomes:
        progress("there is no clip to measure")
        return
    rows = [row for outcome in outcomes for row in _rows(outcome)]
    unseen = [outcome for outcome in outcomes if not outcome.fitted]
    for what, group in (("all clips", outcomes), ("clips the model never saw", unseen)):
        if group:
            rows.append(Row(f"bytes, mean of {what}", _mean([o.ratio for o in group]), "× usual", target=_BYTES))
            rows.append(Row("  at equal VMAF", _mean([o.at_equal_quality for o in group]), "× usual"))
    overtaken = sum(low.bytes > high.bytes for o in outcomes for low, high in pairwise(o.title))
    rows.append(Row("rungs larger than the one above", overtaken, "rungs", target=_OVERTAKEN))
    rows.append(Row("largest loss of VMAF", max(outcome.loss for outcome in outcomes), "points", target=_LOSS))
    spent = sum(point.cpu for outcome in outcomes for point in outcome.title)
    before = sum(point.cpu for outcome in outcomes for point in outcome.usual)
    rows.append(Row("CPU time of all ladders", spent, "s", "usual ladders", before, _CPU))
    tops = [(outcome.title[-1].cpu, outcome.usual[-1].cpu) for outcome in outcomes]
    rows.append(Row("  of their highest rungs", sum(ours for ours, _ in tops), "s", "usual", sum(u for _, u in tops)))
    notes = [
        f"{seconds} s of each clip, drawn ones {height} lines high; VMAF: mean of every {_EVERY}th frame, scaled up.",
        *(f"{outcome.clip}: {outcome.reason}" for outcome in outcomes),
    ]
    report("quality", "The ladder of a title against the usual one", rows, notes, folder)
    (folder / "quality.svg").write_text(plot(outcomes))


def equal_quality_ratio(usual: Sequence[Point], title: Sequence[Point]) -> float:
    """How many bytes one ladder takes for the other's VMAF: the mean of the logarithm between their common bounds."""
    low = max(min(p.vmaf for p in ladder) for ladder in (usual, title))
    high = min(max(p.vmaf for p in ladder) for ladder in (usual, title))
    if high <= low:
        return math.nan
    steps = 200
    at = [low + (high - low) * step / steps for step in range(steps + 1)]
    return math.exp(_mean([_log_bytes(title, vmaf) - _log_bytes(usual, vmaf) for vmaf in at]))


def _log_bytes(points: Sequence[Point], vmaf: float) -> float:
    for lower, upper in pairwise(points):
        if vmaf <= upper.vmaf:
            share = (vmaf - lower.vmaf) / (upper.vmaf - lower.vmaf)
            return (1 - share) * math.log(lower.bytes) + share * math.log(upper.bytes)
    return math.log(points[-1].bytes)


async def _outcome(clip: Clip, kept: Path) -> Outcome:
    source = str(clip.file)
    facts = await probe(source)
    draft = make_plan(facts)
    draft = replace(draft, grid=replace(draft.grid, opening_frames=0))  # what is compared is a whole cell
    usual = replace(draft, video=as_in_r2(draft))
    before = _cpu_of_children()
    seen = await try_ladder(source, draft, options=_OPTIONS)
    progress(f"{clip.name}: its trials took {_cpu_of_children() - before:.1f} CPU-s")
    plan = titled(draft, fit(draft.video, seen, draft.grid.rate))
    return Outcome(
        clip=clip.name,
        kind=clip.kind,
        fitted=clip.fitted,
        reason=next(reason for reason in plan.reasons if "CRF" in reason),
        usual=tuple([await _point(clip, usual, rung, kept) for rung in usual.video]),
        title=tuple([await _point(clip, plan, rung, kept) for rung in plan.video]),
    )


def as_in_r2(draft: Plan) -> tuple[VideoRendition, ...]:
    """The ladder that every film of this size had under recipe r2."""
    rungs = ladder(draft.source.width, draft.source.height, draft.grid.rate)
    return tuple(replace(rung, crf=23, preset="veryfast", params="") for rung in rungs)


async def _point(clip: Clip, plan: Plan, rung: VideoRendition, kept: Path) -> Point:
    made_of = msgspec.json.encode((clip.file.name, clip.file.stat().st_size, plan.grid, rung, _EVERY))
    file = kept / f"{hashlib.sha256(made_of).hexdigest()[:24]}.json"
    if file.exists():
        return msgspec.json.decode(file.read_bytes(), type=Point)
    before = _cpu_of_children()
    made = [cell async for cell in _first_cell(str(clip.file), plan, rung)]
    cpu = _cpu_of_children() - before
    film = file.with_suffix(".mp4")
    film.write_bytes(made[0])
    point = Point(rung.name, rung.max_bit_rate, len(made[0]), _vmaf(film, clip.file, plan), cpu)
    film.unlink()
    file.write_bytes(msgspec.json.encode(point))
    progress(f"{clip.name} {point.name}: {point.bytes:,} bytes, VMAF {point.vmaf:.2f}, {point.cpu:.1f} CPU-s")
    return point


async def _first_cell(source: str, plan: Plan, rung: VideoRendition) -> AsyncGenerator[bytes, None]:
    async with aclosing(encode_cells(source, plan, range(1), [rung.name], options=_OPTIONS)) as cells:
        async for cell in cells:
            yield cell.init + cell.data


def _vmaf(film: Path, source: Path, plan: Plan) -> float:
    said = film.with_suffix(".vmaf.json")
    size = f"scale={plan.source.width}:{plan.source.height}:flags=bicubic,format=yuv420p"
    graph = (
        f"[0:v]{size},{_UNTAGGED}[seen];[1:v]format=yuv420p,{_UNTAGGED}[meant];"
        f"[seen][meant]libvmaf=n_subsample={_EVERY}:n_threads=1:shortest=1:log_fmt=json:log_path={said}"
    )
    command = ["nice", "-n", "15", find_binaries().ffmpeg, "-v", "error", "-nostdin", "-filter_complex_threads", "1"]
    command += [
        "-threads",
        "1",
        "-i",
        str(film),
        "-threads",
        "1",
        "-i",
        str(source),
        "-lavfi",
        graph,
        "-f",
        "null",
        "-",
    ]
    subprocess.run(command, check=True)
    found = float(json.loads(said.read_text())["pooled_metrics"]["vmaf"]["mean"])
    said.unlink()
    return found


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _fitting(points: Sequence[Point], bits: int) -> Point:
    """What a connection of so many bits a second gets: the highest rung whose cap it carries, or the lowest."""
    return next((point for point in reversed(points) if point.cap <= bits), points[0])


def _rows(outcome: Outcome) -> list[Row]:
    kilobytes = [sum(point.bytes for point in points) / 1000 for points in (outcome.title, outcome.usual)]
    rows = [Row(f"{outcome.clip} ({outcome.kind})", kilobytes[0], "kB", f"{len(outcome.usual)} rungs", kilobytes[1])]
    for step in outcome.usual:
        got = _fitting(outcome.title, step.cap)
        shown = f"  {step.cap / 1e6:.2f} Mbit/s: {got.name}, {got.bytes / 1000:.0f} kB"
        rows.append(Row(shown, got.vmaf, "VMAF", f"{step.name}, {step.bytes / 1000:.0f} kB", step.vmaf))
    return rows


def _line(outcome: Outcome) -> str:
    return (
        f"{outcome.clip}: {outcome.ratio:.2f} of the bytes, {outcome.at_equal_quality:.2f} at equal VMAF, "
        f"loss {outcome.loss:.2f}, CPU {outcome.cpu_ratio:.2f}. {outcome.reason}"
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
