"""From seconds to the frames of a clip. Pure."""

from fractions import Fraction

from matinee.common.validation import Fault
from matinee.media.model import Grid

SHORTEST_SECONDS = Fraction(1, 2)
"""Less does not make a cell that can hold sound."""


def frames_between(grid: Grid, start: float, end: float) -> range:
    """The frames from the one nearest to `start` up to the one nearest to `end`, within the film."""
    first, stop = (round(Fraction(moment) * grid.rate.fraction) for moment in (start, end))
    return range(min(first, grid.frames), min(stop, grid.frames))


def faults_of(grid: Grid, start: float, end: float) -> list[Fault]:
    """Why there is no clip between these seconds; empty where there is one."""
    if end <= start:
        return [Fault("end", "A clip ends after it starts.")]
    frames = frames_between(grid, start, end)
    if frames.start >= grid.frames:
        return [Fault("start", f"The video ends at {float(grid.duration):.3f} s.")]
    if len(frames) / grid.rate.fraction < SHORTEST_SECONDS:
        return [Fault("end", f"A clip lasts at least {float(SHORTEST_SECONDS)} s, within the video.")]
    return []
