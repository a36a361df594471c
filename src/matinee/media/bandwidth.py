"""What a rendition costs the network: the peak from its caps, the average from the cells that are stored."""

from fractions import Fraction
from functools import lru_cache

import msgspec

from .model import AAC_FRAME_SAMPLES, AudioRendition, CopiedRendition, Grid, Plan, Rendition, VideoRendition

_AUDIO_PEAK = Fraction(6, 5)  # AAC is steered to its rate, not held to it: a cell may be this much above
_TYPICAL_SHARE = Fraction(3, 5)  # of the cap that constant quality spends on a usual film
_CELL_OVERHEAD = 200  # bytes of boxes around a cell's samples …
_SAMPLE_OVERHEAD = 16  # … and for each sample: duration, size, flags, composition offset
_KEPT = 4096  # results: exact fractions cost 100 µs a rendition, and a master playlist asks five times for each


class Measured(msgspec.Struct, frozen=True):
    """What is stored of a rendition."""

    cells: int = 0
    bytes: int = 0
    starts: bool = False
    """Whether the first cell is there, so that playing can begin without waiting."""


NOTHING = Measured()


def peak_bits(plan: Plan, rendition: Rendition) -> int:
    """Bits a second that no cell exceeds, container included: the cap, and one full rate buffer above it a cell.

    What is copied was measured as a whole before it was planned.
    """
    if isinstance(rendition, CopiedRendition):
        return rendition.peak_bit_rate
    return _peak_bits(plan.grid, rendition)


def average_bits(plan: Plan, rendition: Rendition, measured: Measured) -> int:
    """Bits a second on average, measured where anything is stored, else what such a film usually needs."""
    if isinstance(rendition, CopiedRendition):
        return rendition.average_bit_rate
    if measured.cells > 0:
        usual = plan.grid.usual_duration
        short = usual - plan.grid.cell_duration(0) if measured.starts else 0
        seconds = min(measured.cells * usual - short, plan.grid.duration)
        average = round(measured.bytes * 8 / seconds)
    elif isinstance(rendition, VideoRendition):
        average = round(rendition.max_bit_rate * _TYPICAL_SHARE) + _overhead_bits(plan.grid, rendition)
    else:
        average = rendition.bit_rate + _overhead_bits(plan.grid, rendition)
    return min(average, peak_bits(plan, rendition))


def keyframe_peak_bits(plan: Plan, rendition: VideoRendition) -> int:
    """Bits a second of the keyframes alone, at most: a keyframe never exceeds the rate buffer."""
    return round((rendition.buffer_bits + 8 * _cell_overhead(plan.grid, rendition)) / shortest_cell(plan.grid))


@lru_cache(_KEPT)
def _peak_bits(grid: Grid, rendition: VideoRendition | AudioRendition) -> int:
    if isinstance(rendition, AudioRendition):
        return round(rendition.bit_rate * _AUDIO_PEAK) + _overhead_bits(grid, rendition)
    burst = rendition.buffer_bits / shortest_cell(grid)
    return rendition.max_bit_rate + round(burst) + _overhead_bits(grid, rendition)


@lru_cache(_KEPT)
def shortest_cell(grid: Grid) -> Fraction:
    """Seconds of the shortest cell; at an end one under half the usual length does not count (RFC 8216, 4.3.4.2)."""
    usual = grid.usual_duration
    ends = (grid.cell_duration(0), grid.cell_duration(grid.cells - 1))
    return min([usual, *(end for end in ends if 2 * end >= usual)])


@lru_cache(_KEPT)
def _overhead_bits(grid: Grid, rendition: VideoRendition | AudioRendition) -> int:
    return round(8 * _cell_overhead(grid, rendition) / shortest_cell(grid))


@lru_cache(_KEPT)
def _cell_overhead(grid: Grid, rendition: VideoRendition | AudioRendition) -> Fraction:
    """Bytes of boxes in a cell of the usual length."""
    a_second = grid.rate.fraction
    if isinstance(rendition, AudioRendition):
        a_second = Fraction(rendition.sample_rate, AAC_FRAME_SAMPLES)
    return _CELL_OVERHEAD + _SAMPLE_OVERHEAD * a_second * grid.usual_duration
