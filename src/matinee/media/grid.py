"""The output frame rate and the grid of cells, from the source's rate and length."""

from __future__ import annotations

from fractions import Fraction

from .model import Grid, Rate

CELL_SECONDS = 4  # shorter: more requests and keyframes; longer: slower starts and switches
OPENING_SECONDS = 1
"""Of the first cell, which nobody can begin without: any rung has it four times as soon as another cell. Under half
of CELL_SECONDS, so that it does not count for the peak of a playlist (RFC 8216, 4.3.4.2)."""
MAX_RATE = 60

STANDARD_RATES = tuple(
    Rate(num, den)
    for num, den in (
        (5, 1), (6, 1), (10, 1), (12, 1), (15, 1), (20, 1), (24000, 1001), (24, 1), (25, 1),
        (30000, 1001), (30, 1), (48, 1), (50, 1), (60000, 1001), (60, 1),
    )
)  # fmt: skip

AUDIO_ONLY_RATE = Rate(25, 1)
"""The frame rate of a grid that has no picture on it: any rate gives cells of 4 s."""

_LIVELY_RATE = Rate(30, 1)


def output_rate(average: Fraction, nominal: Fraction) -> Rate:
    """The standard constant rate for a source.

    `nominal` is the lowest rate on which every timestamp falls, `average` is frames over time. They differ when
    the rate varies: then the average is what the eye gets, but a screen recording that is still most of the time
    has bursts worth 30 frames a second.
    """
    steady = abs(nominal - average) <= average / 20
    # Some AVI files count ticks as frames: an average above the nominal rate cannot be.
    wanted = nominal if steady or average > nominal else average
    if steady and wanted > MAX_RATE:
        wanted = _every_nth(wanted)
    nearest = min(STANDARD_RATES, key=lambda rate: abs(rate.fraction - wanted) / rate.fraction)
    if not steady and nominal >= _LIVELY_RATE.fraction and nearest.fraction < 24:
        return _LIVELY_RATE
    return nearest


def _every_nth(rate: Fraction) -> Fraction:
    """A fast rate thinned evenly: 120 gives 60, 144 gives 48; the rate itself where nothing fits."""
    for step in range(2, int(rate / 24) + 1 if rate < 1000 else 2):
        if any(abs(rate / step - standard.fraction) < rate / step / 500 for standard in STANDARD_RATES):
            return rate / step
    return rate


def make_grid(rate: Rate, duration: Fraction) -> Grid:
    """The grid of a video that lasts `duration` seconds; it has at least one frame."""
    frames = max(1, round(duration * rate.fraction))
    return Grid(
        rate=rate,
        frames_per_cell=round(CELL_SECONDS * rate.fraction),
        frames=frames,
        opening_frames=round(OPENING_SECONDS * rate.fraction),
    )
