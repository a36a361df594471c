"""When the cells of a rendition start and end, in whole ticks: what every playlist is written from.

The same times as `Plan.audio_cell_start` and `Grid.cell_start` give one by one, for a whole rendition at once and in
integers: a twelve-hour video has 10,800 cells, and exact fractions would hold up the event loop for 100 ms.
"""

import math
from bisect import bisect_left, bisect_right
from fractions import Fraction
from itertools import pairwise

import msgspec

from .model import AAC_FRAME_SAMPLES, AudioRendition, CopiedRendition, Plan, Rendition

MICROSECONDS = 1_000_000


class Timeline(msgspec.Struct, frozen=True):
    """The cells of a rendition on its track's clock."""

    timescale: int
    """Ticks a second."""
    bounds: tuple[int, ...]
    """Where each cell starts, in ticks, and at last where the last one ends."""

    @property
    def durations(self) -> list[int]:
        """Ticks each cell lasts."""
        return [end - start for start, end in pairwise(self.bounds)]

    @property
    def duration(self) -> Fraction:
        """Seconds from the first cell's start to the last one's end."""
        return Fraction(self.bounds[-1] - self.bounds[0], self.timescale)

    @property
    def longest(self) -> Fraction:
        """Seconds of the longest cell."""
        return Fraction(max(self.durations), self.timescale)

    def microseconds(self) -> list[int]:
        """The bounds rounded to microseconds, so that rounded durations add up to the rounded whole."""
        twice = 2 * self.timescale
        return [(2 * MICROSECONDS * bound + self.timescale) // twice for bound in self.bounds]

    def runs(self) -> list[tuple[int, int]]:
        """The durations as (ticks, how many cells in a row)."""
        runs: list[tuple[int, int]] = []
        for ticks in self.durations:
            if runs and runs[-1][0] == ticks:
                runs[-1] = (ticks, runs[-1][1] + 1)
            else:
                runs.append((ticks, 1))
        return runs


def timeline(plan: Plan, rendition: Rendition) -> Timeline:
    """The cells of one rendition of the plan."""
    if isinstance(rendition, CopiedRendition):
        return Timeline(rendition.timescale, tuple(rendition.bounds()))
    if isinstance(rendition, AudioRendition):
        return _sound(plan, rendition, plan.grid.first_frames())
    return _frames(plan)


def _frames(plan: Plan) -> Timeline:
    grid = plan.grid
    return Timeline(grid.timescale, tuple(frame * grid.frame_ticks for frame in grid.first_frames()))


class Window(msgspec.Struct, frozen=True):
    """The part of a video that somebody may watch."""

    start: float = 0.0
    end: float | None = None
    """Seconds of the video; None: to its end."""

    def cells(self, times: Timeline) -> range:
        """Those of a rendition that show any of it; at least one."""
        first = bisect_right(times.bounds, self.start * times.timescale) - 1
        behind = len(times.bounds) - 1
        if self.end is not None:
            behind = min(behind, bisect_left(times.bounds, self.end * times.timescale))
        first = min(max(first, 0), len(times.bounds) - 2)
        return range(first, max(behind, first + 1))


WHOLE = Window()


def cells_in(plan: Plan, rendition: Rendition, window: Window) -> range:
    """The cells of a rendition that a part of the video takes.

    Of a sound those of the picture, whose cells begin some milliseconds before: they are played together.
    """
    if isinstance(rendition, CopiedRendition):
        return window.cells(timeline(plan, rendition))
    return window.cells(_frames(plan))


def longest_cell(plan: Plan, rendition: Rendition) -> Fraction:
    """Seconds of the longest cell of a rendition, and of all beside it where these are not on the grid.

    Playlists that belong together must name one target duration (RFC 8216, 6.2.4). On the grid they agree as it is.
    """
    beside = (plan.copied, *plan.renditions[:1], *plan.renditions[-1:]) if plan.copied else ()
    return max(timeline(plan, other).longest for other in (rendition, *beside))


def _sound(plan: Plan, audio: AudioRendition, frames: list[int]) -> Timeline:
    """An audio cell begins with the first AAC frame that starts at or after the video cell does."""
    rate = plan.grid.rate
    ticks_of_frame = rate.den * audio.sample_rate  # of 1/(num × sample rate) s
    late = audio.first_sample * rate.num
    one_aac_frame = AAC_FRAME_SAMPLES * rate.num
    aac_frames = [max(0, -((late - frame * ticks_of_frame) // one_aac_frame)) for frame in frames]
    return Timeline(audio.sample_rate, tuple(audio.first_sample + n * AAC_FRAME_SAMPLES for n in aac_frames))


def decimal(seconds: Fraction, places: int = 6) -> str:
    """Seconds as decimal text, rounded up: a presentation is never declared shorter than it is."""
    scaled = math.ceil(seconds * 10**places)
    whole, part = divmod(scaled, 10**places)
    return f"{whole}.{part:0{places}d}"


def segments_of_text(plan: Plan, seconds: int) -> list[int]:
    """The bounds, in microseconds, of segments of about so many seconds that are whole cells."""
    grid = plan.grid
    cells = max(1, round(seconds / grid.usual_duration))
    frames = [*grid.first_frames()[:-1:cells], grid.frames]
    return Timeline(grid.timescale, tuple(frame * grid.frame_ticks for frame in frames)).microseconds()
