"""What all formats are read into, and what a text track may be at most."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

Format = Literal["srt", "vtt", "ass", "ttml"]

MAX_BYTES = 4 << 20  # ten times the captions of a long film; typeset ASS is the largest in the wild
MOST_STORED_BYTES = 8 * MAX_BYTES
"""Of a file as WebVTT: as many characters twice, for those that have to be escaped, of four bytes each."""
MAX_CUES = 100_000
MAX_TIME = 240 * 3_600_000  # milliseconds: the longest video that a server can be set to accept
MOST_FAULTS = 20  # enough to mend a file by, too few to flood an answer

SEGMENT_SECONDS = 60
"""About how long a segment of text lasts. Shorter: a request every few seconds for next to nothing."""

_MAX_SPREAD = 2 * MAX_BYTES  # characters of all segments together, in which a long cue stands again and again


class Cue(msgspec.Struct, frozen=True):
    """Some text for some time. Times are milliseconds from the start of the video."""

    start: int
    end: int
    text: str
    """WebVTT cue text with known tags alone, or plain text for programs; lines, none of them empty."""
    settings: str = ""
    """WebVTT cue settings."""
    line: int = 0
    """The line of the file that it began in."""


def cut_cues(cues: Iterable[Cue], start: int, end: int) -> list[Cue]:
    """The cues as a clip from `start` to `end` shows them, milliseconds of the video."""
    return [
        msgspec.structs.replace(cue, start=max(cue.start, start) - start, end=min(cue.end, end) - start)
        for cue in cues
        if cue.start < end and cue.end > start
    ]


class LineFault(msgspec.Struct, frozen=True):
    """One thing wrong with a file."""

    line: int
    """From 1; 0 for the file as a whole."""
    sentence: str


class BadCaptions(ValueError):
    """The file cannot be used; `faults` says why, in the order of its lines, and is never empty."""

    def __init__(self, faults: list[LineFault]) -> None:
        super().__init__("; ".join(f"line {fault.line}: {fault.sentence}" for fault in faults[:3]))
        self.faults = faults


class Faults:
    """Collects faults while a file is read, so that one reading tells of many; `forgiving` ones are forgotten."""

    def __init__(self, *, forgiving: bool = False) -> None:
        self._found: list[LineFault] = []
        self._forgiving = forgiving

    def add(self, line: int, sentence: str) -> None:
        """Notes a fault; raises BadCaptions when there are many."""
        if self._forgiving:
            return
        self._found.append(LineFault(line, sentence))
        if len(self._found) >= MOST_FAULTS:
            self.check()

    def check(self) -> None:
        """Raises BadCaptions where a fault was noted."""
        if self._found:
            raise BadCaptions(sorted(self._found, key=lambda fault: fault.line))


def fault(line: int, sentence: str) -> BadCaptions:
    """A file with one fault that makes reading on pointless."""
    return BadCaptions([LineFault(line, sentence)])


class Times:
    """Checks the times of cues as they are read."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def fit(self, start: int, end: int, line: int) -> bool:
        """Whether a cue may have these times; notes why not."""
        if start < 0 or end < 0:
            self._faults.add(line, "A cue cannot begin or end before the start of the video.")
        elif end < start:
            self._faults.add(line, "The cue ends before it begins.")
        elif end > MAX_TIME:
            self._faults.add(line, f"The cue ends after {MAX_TIME // 3_600_000} hours.")
        else:
            return True
        return False


def in_order(cues: Iterable[Cue]) -> list[Cue]:
    """The cues that show something, by time. Raises BadCaptions where there are none, or too many."""
    shown = sorted((cue for cue in cues if cue.text and cue.end > cue.start), key=lambda cue: (cue.start, cue.end))
    if not shown:
        raise fault(0, "The file holds no cue that shows anything.")
    spread = 0
    for count, cue in enumerate(shown, 1):
        if count > MAX_CUES:
            raise fault(cue.line, f"The file has more than {MAX_CUES} cues.")
        spread += (len(cue.text) + 64) * (1 + (cue.end - cue.start) // (SEGMENT_SECONDS * 1000))
        if spread > _MAX_SPREAD:
            raise fault(cue.line, "Too many long cues are shown at the same time.")
    return shown
