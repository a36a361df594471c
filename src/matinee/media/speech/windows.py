"""The sound in windows of about a minute that overlap, and what was heard in them as one text. Pure.

A window is whole cells of the sound. A word at its edge may be cut or be heard twice, so neighbours share a cell on
either side, and the text goes over from one to the other in the longest pause that they both hear there.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ..model import AudioRendition, Plan
from ..timeline import timeline
from .words import Word

WINDOW_SECONDS = 60.0
"""Longer: more is heard again after a crash. Shorter: more of the sound is heard twice."""


class Window(msgspec.Struct, frozen=True):
    """Some cells of the sound."""

    first: int
    stop: int
    """Its cells: `first` to `stop` - 1."""
    start: int
    end: int
    """Milliseconds of the video."""

    @property
    def cells(self) -> range:
        return range(self.first, self.stop)


def windows_of(plan: Plan, audio: AudioRendition) -> list[Window]:
    """Windows that cover all of the sound, in order; neighbours share two cells."""
    times = timeline(plan, audio)
    bounds = [bound * 1000 // times.timescale for bound in times.bounds]
    cells = plan.grid.cells
    step = max(1, round(WINDOW_SECONDS / float(plan.grid.usual_duration)))
    made = []
    for begin in range(0, cells, step):
        first, stop = max(0, begin - 1), min(cells, begin + step + 1)
        made.append(Window(first, stop, bounds[first], bounds[stop]))
        if stop == cells:
            break
    return made


def join(windows: Sequence[Window], heard: Sequence[Sequence[Word]]) -> list[Word]:
    """The words of all windows as one text, each once and in order; `heard` has the words of each window."""
    joined: list[Word] = []
    from_here = 0
    for index, words in enumerate(heard):
        upto: int | None = None
        if index + 1 < len(heard):
            upto = _seam(words, heard[index + 1], windows[index + 1].start, windows[index].end)
        joined += [word for word in words if from_here <= _middle(word) and (upto is None or _middle(word) < upto)]
        from_here = upto or 0
    return sorted(joined, key=lambda word: (word.start, word.end))


def _seam(left: Sequence[Word], right: Sequence[Word], begin: int, end: int) -> int:
    """The middle of the longest pause between `begin` and `end` in which neither hears a word."""
    spoken = sorted((max(word.start, begin), min(word.end, end)) for word in (*left, *right) if word.end > begin)
    spoken = [(start, stop) for start, stop in spoken if start < end]
    quiet: list[tuple[int, int]] = []
    at = begin
    for start, stop in [*spoken, (end, end)]:
        if start > at:
            quiet.append((start - at, (start + at) // 2))
        at = max(at, stop)
    if not quiet:
        return (begin + end) // 2
    return max(quiet)[1]


def _middle(word: Word) -> int:
    return (word.start + word.end) // 2
