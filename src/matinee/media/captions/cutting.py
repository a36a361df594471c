"""Which cues stand in which segment."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from .model import Cue


def cues_within(cues: Sequence[Cue], bounds: Sequence[int]) -> list[list[Cue]]:
    """The cues of each segment between the `bounds`, in microseconds: a cue stands in each that it touches."""
    within: list[list[Cue]] = [[] for _ in bounds[1:]]
    for cue in cues:
        first = max(0, bisect_right(bounds, cue.start * 1000) - 1)
        behind = min(len(within), bisect_left(bounds, cue.end * 1000))
        for index in range(first, behind):
            within[index].append(cue)
    return within
