"""Whether the picture of a source can be offered as it is, and how: its cells are views of the file.

What conforms: H.264 as every player decodes it, in an MP4 or QuickTime file whose tables are sound, with keyframes
that a player can begin at and that are near enough to one another, within a bound of bits. Pure but for the reading
of the tables; see `sample_tables` for what is believed of them.
"""

from __future__ import annotations

import asyncio
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate, pairwise
from math import gcd

import msgspec
from msgspec.structs import replace

from .avc import BadParameters, begins_anew, read_configuration, read_sequence
from .bandwidth import peak_bits
from .copying import cell_bytes, copied_init, write_index
from .ladder import MIN_SAVING
from .model import CopiedRendition, Grid, Plan
from .probe import Probe
from .sample_tables import BadTables, Read, Tables, read_movie, read_tables

KEYFRAME_SECONDS = Fraction(21, 2)
"""At most from one keyframe to the next: x264 left alone puts 250 frames between them, 10.4 s at 24 a second.
More: a jump waits for more to be loaded."""
MAX_FRAMES_A_CELL = 1300  # whose description has 16 kB; at 60 a second no cell has a thousand
HELD_SECONDS = 1  # how late the first picture may come: it is shown from second 0 on
STILL_SECONDS = 60  # that one picture may last
MISSING_SECONDS = Fraction(1, 2)  # that the grid may go on behind the last picture
CLOCK_TOLERANCE = Fraction(1, 100)  # between FFmpeg's reading of the tables and ours
END_TOLERANCE = Fraction(1, 10)  # the last picture's length is told in several ways
MAX_LEVEL = 52
MAX_RATE = 61  # frames a second, with some room for clocks that are not exact
LOOKED_AT = 8  # keyframes whose bytes are read, spread over the film
LOOK_BYTES = 16 << 10  # of each; messages before the picture are shorter
_PROFILES = {66: "Constrained Baseline", 77: "Main", 100: "High"}
_CONSTRAINED = 0x40
_SHORTEST_END = Fraction(1, 2)  # seconds of the last cell


class Copy(msgspec.Struct, frozen=True):
    """A rendition of the source's own picture, and the object that its cells are made by."""

    rendition: CopiedRendition
    index: bytes
    reason: str


class DoesNotConformError(Exception):
    """The picture cannot be offered as it is; says why as a part of a sentence."""


async def consider(plan: Plan, facts: Probe, read: Read, size: int, *, max_bits: int) -> tuple[Plan, bytes | None]:
    """The plan with the source's own picture instead of the highest rung, and its index, where it conforms.

    Else the plan as it is, and None. Either way the plan says why. `read` gives bytes of the source.
    """
    if facts.video is None:
        return plan, None
    try:
        _check_facts(plan, facts)
        movie = await read_movie(read, size)
        copy, looked_at = await asyncio.to_thread(_try, plan, facts, movie, size, max_bits)
        await _look(read, looked_at)
    except (DoesNotConformError, BadTables) as error:
        return replace(plan, reasons=(*plan.reasons, f"The picture is encoded anew, because {error}.")), None
    return put_above(plan, copy), copy.index


def put_above(plan: Plan, copy: Copy) -> Plan:
    """The plan with the copy in the place of the highest rung, and of those that do not save enough beside it.

    The lowest stays. Players take what costs more for better, so that the copy is announced to cost more than what
    is below it, also where it does not.
    """
    lowest, *others = plan.video[:-1]
    enough = copy.rendition.peak_bit_rate * (1 - MIN_SAVING)
    rungs = (lowest, *(rung for rung in others if peak_bits(plan, rung) <= enough))
    least = max(-int(-peak_bits(plan, rung) // (1 - MIN_SAVING)) for rung in rungs)
    announced = replace(copy.rendition, peak_bit_rate=max(copy.rendition.peak_bit_rate, least))
    reasons = (*plan.reasons, copy.reason)
    return replace(plan, video=rungs, copied=announced, replaced=plan.video[-1], reasons=reasons)


async def _look(read: Read, places: Sequence[tuple[int, int]]) -> None:
    """Reads how some pictures begin that the file calls keyframes."""
    starts = await asyncio.gather(*(read(at, min(LOOK_BYTES, length)) for at, length in places))
    if not all(map(begins_anew, starts)):
        raise DoesNotConformError("its keyframes lean on pictures before them")


def _try(plan: Plan, facts: Probe, movie: bytes, size: int, max_bits: int) -> tuple[Copy, list[tuple[int, int]]]:
    return make_copy(plan, facts, read_tables(movie, size), max_bits=max_bits)


def _check_facts(plan: Plan, facts: Probe) -> None:
    """What the probe alone tells."""
    video = facts.video
    assert video is not None
    refusals = (
        (video.codec != "h264", f"it is coded as {video.codec} and not as h264"),
        (facts.container != "mov", "the file is no MP4"),
        (not facts.seekable, "the file has no index"),
        (video.bit_depth != 8 or video.hdr, "it is HDR or has more than 8 bits"),
        (video.pixel_format not in ("yuv420p", "yuvj420p"), f"its colours are stored as {video.pixel_format}"),
        (video.interlaced, "it is interlaced"),
        (video.rotation != 0 or video.mirrored, "it has to be turned"),
        (video.sample_aspect != 1, "its pixels are not square"),
        (video.width % 2 or video.height % 2, "its size is odd"),
        (video.average_rate > MAX_RATE, "it has more than 60 frames a second"),
        (len(plan.video) < 2, "it is no larger than the lowest quality, which is always encoded"),
    )
    for refused, why in refusals:
        if refused:
            raise DoesNotConformError(why)


def make_copy(plan: Plan, facts: Probe, tables: Tables, *, max_bits: int) -> tuple[Copy, list[tuple[int, int]]]:
    """The copy, and where some of its keyframes lie, to be looked at: (start, length).

    Raises DoesNotConformError.
    """
    codecs = _check_coding(facts, tables)
    times = _Times(plan, facts, tables)
    places = entry_places(tables.keyframes, times.shown)
    _check_distances(places, times)
    cuts = choose_cuts(plan.grid, times.timescale, places, [times.shown[place] for place in places], times.end)
    firsts = [*(place for place, _ in cuts), len(tables.sizes)]
    bounds = [0, *(tick for _, tick in cuts[1:]), times.end]
    peak, average = _bits(plan.grid, tables.sizes, firsts, bounds, times.timescale)
    if peak > max_bits:
        raise DoesNotConformError(f"it takes up to {peak // 1000} kbit/s, more than the {max_bits // 1000} allowed")
    if max(stop - start for start, stop in pairwise(firsts)) > MAX_FRAMES_A_CELL:
        raise DoesNotConformError("it has too many frames a second")
    tick = gcd(*(stop - start for start, stop in pairwise(bounds)))
    rendition = CopiedRendition(
        name=f"v{min(tables.width, tables.height)}-source",
        width=tables.width,
        height=tables.height,
        codecs=codecs,
        peak_bit_rate=peak,
        average_bit_rate=average,
        timescale=times.timescale,
        cells=len(cuts),
        tick=tick,
        lengths=b"".join(_number((stop - start) // tick) for start, stop in pairwise(bounds)),
    )
    init = copied_init(tables.width, tables.height, times.timescale, times.shift, tables.configuration, tables.colour)
    columns = (tables.sizes, times.durations, times.compositions)
    index = write_index(init, firsts, [times.decode_times[first] for first in firsts[:-1]], tables.offsets, columns)
    step = max(1, len(cuts) // LOOKED_AT)
    looked_at = [(tables.offsets[place], tables.sizes[place]) for place, _ in cuts[::step]]
    return Copy(rendition, index, _reason(times, places)), looked_at


def _check_coding(facts: Probe, tables: Tables) -> str:
    """What the tables tell of the coding; returns it as RFC 6381 has it."""
    try:
        configuration = read_configuration(tables.configuration)
        sequences = [read_sequence(unit) for unit in configuration.sequences]
    except BadParameters as error:
        raise DoesNotConformError("its parameters cannot be read") from error
    if len(sequences) != 1 or configuration.length_size != 4:
        raise DoesNotConformError("its pictures are packed unusually")
    profile, constrained = configuration.profile, configuration.compatibility & _CONSTRAINED
    if profile not in _PROFILES or (profile == 66 and not constrained) or sequences[0].profile != profile:
        raise DoesNotConformError("it is of a profile that not every player decodes")
    if configuration.level > MAX_LEVEL:
        raise DoesNotConformError("it is of a level above 5.2")
    if sequences[0].chroma != 1 or sequences[0].depth != 8:
        raise DoesNotConformError("it has more than 8 bits or other colours than 4:2:0")
    if not sequences[0].progressive:
        raise DoesNotConformError("it may be interlaced")
    video = facts.video
    assert video is not None
    if (video.width, video.height) != (tables.width, tables.height):
        raise DoesNotConformError("its index tells another size than its pictures")
    return configuration.codecs


class _Times:
    """When the frames are decoded and shown, second 0 of the grid at 0, on the clock of the encoded rungs.

    On that clock, and not on the source's own: a player that switches between renditions of different clocks looks
    anew for where second 0 is (hls.js does), and the time that B-frames take makes it miss it. Each time is rounded
    by itself, so that nothing adds up.
    """

    def __init__(self, plan: Plan, facts: Probe, tables: Tables) -> None:
        self.timescale = plan.grid.timescale
        if max(map(abs, tables.compositions)) > KEYFRAME_SECONDS * tables.timescale:
            raise DoesNotConformError("its frames are out of order")
        decoded = array("Q", accumulate(tables.durations, initial=0))
        self._check_clock(plan, facts, tables, decoded[-1])
        origin = tables.delay - plan.source.start - Fraction(tables.media_time, tables.timescale)
        first = round(origin * self.timescale)
        ours, theirs = 2 * self.timescale, tables.timescale
        ticks = array("q", (first + (at * ours + theirs) // (2 * theirs) for at in decoded))
        self.durations = array("I", map(int.__sub__, ticks[1:], ticks))
        if not min(self.durations):
            raise DoesNotConformError("it has too many frames a second")
        self.shown = array(
            "q",
            (
                first + ((at + later) * ours + theirs) // (2 * theirs)
                for at, later in zip(decoded, tables.compositions, strict=False)
            ),
        )
        earliest = min(map(int.__sub__, self.shown, ticks))
        self.shift = max(0, -ticks[0] - earliest)  # no decode time may be negative
        self.decode_times = array("Q", (at + earliest + self.shift for at in ticks[:-1]))
        self.compositions = array(
            "I", (at + self.shift - before for at, before in zip(self.shown, self.decode_times, strict=True))
        )
        self.end = max(map(int.__add__, self.shown, self.durations))
        self._hold_first()
        if plan.grid.duration - Fraction(self.end, self.timescale) > MISSING_SECONDS:
            raise DoesNotConformError("its sound is longer than the picture")

    def _check_clock(self, plan: Plan, facts: Probe, tables: Tables, length: int) -> None:
        """FFmpeg reads the same tables for the encoded rungs: where it reads something else, they would not fit."""
        video = facts.video
        assert video is not None
        first = Fraction(tables.compositions[0] - tables.media_time, tables.timescale)
        whole = Fraction(length, tables.timescale)
        if max(tables.durations) > STILL_SECONDS * tables.timescale:
            raise DoesNotConformError("a picture in it lasts longer than a minute")
        if first < 0 or (tables.shown is not None and tables.shown < whole - END_TOLERANCE):
            raise DoesNotConformError("its edit list cuts the picture")
        tolerance = max(CLOCK_TOLERANCE, Fraction(2, tables.timescale))
        if abs(tables.delay + first - video.start) > tolerance:
            raise DoesNotConformError("its times are not what they seem")
        if abs(video.end - video.start - whole) > END_TOLERANCE:
            raise DoesNotConformError("its times are not what they seem")

    def _hold_first(self) -> None:
        """Shows the first picture from 0 on, as the encoded rungs do."""
        lead = self.shown[0]
        if lead > HELD_SECONDS * self.timescale or len(self.shown) < 2:
            raise DoesNotConformError("its picture begins later than its sound")
        earlier = min(self.decode_times[0], max(0, lead))
        self.decode_times[0] -= earlier
        self.durations[0] += earlier
        self.compositions[0] -= lead - earlier
        self.shown[0] = 0


def entry_places(keyframes: Sequence[int], shown: Sequence[int]) -> list[int]:
    """Those keyframes that a player can begin at: nothing after them shows earlier, and nothing before them later.

    An open group of pictures has such that lean on the group before; they show before their keyframe.
    """
    before = array("q", accumulate(shown, _later))
    after = array("q", accumulate(reversed(shown), _earlier))
    last = len(shown) - 1
    return [
        place
        for place in keyframes
        if after[last - place] == shown[place] and (place == 0 or before[place - 1] < shown[place])
    ]


def _later(one: int, other: int) -> int:
    return one if one > other else other


def _earlier(one: int, other: int) -> int:
    return one if one < other else other


def _check_distances(places: Sequence[int], times: _Times) -> None:
    if not places or places[0] != 0:
        raise DoesNotConformError("it does not begin with a keyframe")
    moments = [*(times.shown[place] for place in places), times.end]
    longest = Fraction(max(stop - start for start, stop in pairwise(moments)), times.timescale)
    if longest > KEYFRAME_SECONDS:
        raise DoesNotConformError(f"its keyframes are up to {float(longest):.3g} s apart")


def choose_cuts(
    grid: Grid, timescale: int, places: Sequence[int], moments: Sequence[int], end: int
) -> list[tuple[int, int]]:
    """Where cells begin, as (frame, tick): at the keyframe nearest to the start of each cell of the grid.

    One that comes too soon after the cut before it is passed over, so that no cell is shorter than half of the
    grid's; and one too near to the end, so that the last lasts half a second.
    """
    latest = end - _SHORTEST_END * timescale
    cuts = [(places[0], moments[0])]
    for index in range(1, grid.cells):
        target = int(grid.cell_start(index) * timescale)
        right = min(bisect_left(moments, target), len(moments) - 1)
        nearest = min(max(right - 1, 0), right, key=lambda at: (abs(moments[at] - target), at))
        before = grid.cell_duration(0) if len(cuts) == 1 else grid.usual_duration
        if moments[nearest] - cuts[-1][1] >= before * timescale / 2 and moments[nearest] <= latest:
            cuts.append((places[nearest], moments[nearest]))
    return cuts


def _bits(
    grid: Grid, sizes: Sequence[int], firsts: Sequence[int], bounds: Sequence[int], timescale: int
) -> tuple[int, int]:
    """Bits a second: of the costliest cell, and of all. A cell under half the usual length does not count."""
    totals = list(accumulate(sizes, initial=0))
    cells = [cell_bytes(stop - start, totals[stop] - totals[start]) for start, stop in pairwise(firsts)]
    lengths = [stop - start for start, stop in pairwise(bounds)]
    if min(lengths) <= 0:
        raise DoesNotConformError("its frames are out of order")
    counted = [
        (size, length)
        for size, length in zip(cells, lengths, strict=True)
        if len(cells) == 1 or 2 * length >= grid.usual_duration * timescale
    ]
    peak = max(-(-8 * timescale * size // length) for size, length in counted or zip(cells, lengths, strict=True))
    return peak, -(-8 * timescale * sum(cells) // (bounds[-1] - bounds[0]))


def _reason(times: _Times, places: Sequence[int]) -> str:
    seconds = float(Fraction(times.end, times.timescale)) / len(places)
    return f"The picture conforms (H.264, 8-bit, a keyframe every {seconds:.2g} s): it is offered as it is."


def _number(value: int) -> bytes:
    """Seven bits a byte, the lowest first, marked where another follows."""
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)
