"""Words with times → cues that can be read: two lines at most, not too long on screen, broken where speech pauses."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from ..speech.words import Word
from .markup import escape
from .model import Cue

LINE_WIDTH = 42
"""Characters; what most style guides allow. A wide one (Chinese, Japanese, Korean) takes the place of two."""
LONGEST = 7000
SHORTEST = 1000
"""Milliseconds on screen; a cue that would be shorter stays until the next one begins, if that is later."""
PAUSE = 700
"""Milliseconds of silence that end a cue."""

_ENDS = tuple(".?!…。！？")
_BREATHS = (*_ENDS, *",;:、，；：")
_WORTH_A_CUE = 24  # characters; a shorter sentence is shown with the next one


def break_lines(words: Iterable[Word]) -> list[Cue]:
    """Cues by time, none of which begins before the one before it has ended."""
    groups: list[list[Word]] = []
    group: list[Word] = []
    for word in _short_words(words):
        if group and (word.start - group[-1].end >= PAUSE or _is_said(group)):
            groups.append(group)
            group = []
        while group and not _fits([*group, word]):
            at = _last_breath(group)
            groups.append(group[:at])
            group = group[at:]
        group.append(word)
    if group:
        groups.append(group)
    return _timed(groups)


def width(text: str) -> int:
    """How many places of a line a text takes."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _short_words(words: Iterable[Word]) -> Iterable[Word]:
    """The words that say something; one that is longer than a line in pieces, for it can be broken nowhere else."""
    for word in words:
        text = " ".join(word.text.split())
        if not text:
            continue
        space = " " if word.text[0].isspace() else ""
        start, end = word.start, min(max(word.end, word.start), word.start + LONGEST)
        pieces = _pieces(text)
        for number, piece in enumerate(pieces):
            begin = start + (end - start) * number // len(pieces)
            stop = start + (end - start) * (number + 1) // len(pieces)
            yield Word(begin, stop, piece if number else space + piece)


def _pieces(text: str) -> list[str]:
    pieces = [""]
    for char in text:
        if width(pieces[-1] + char) > LINE_WIDTH:
            pieces.append("")
        pieces[-1] += char
    return pieces


def _is_said(group: Sequence[Word]) -> bool:
    return group[-1].text.endswith(_ENDS) and width(_text(group)) >= _WORTH_A_CUE


def _fits(group: Sequence[Word]) -> bool:
    return group[-1].end - group[0].start <= LONGEST and _lines(group) is not None


def _last_breath(group: Sequence[Word]) -> int:
    """How many words are shown before the rest: up to the last mark in the second half, else all."""
    for at in range(len(group) - 1, len(group) // 2, -1):
        if group[at - 1].text.endswith(_BREATHS):
            return at
    return len(group)


def _lines(group: Sequence[Word]) -> tuple[str, ...] | None:
    """The text on one line, or on two of about the same length; None where it takes more."""
    whole = _text(group)
    if width(whole) <= LINE_WIDTH:
        return (whole,)
    halves = [(_text(group[:at]), _text(group[at:])) for at in range(1, len(group))]
    fitting = [pair for pair in halves if max(map(width, pair)) <= LINE_WIDTH]
    return min(fitting, key=lambda pair: max(map(width, pair)), default=None)


def _text(group: Sequence[Word]) -> str:
    return "".join(word.text for word in group).strip()


def _timed(groups: Sequence[Sequence[Word]]) -> list[Cue]:
    cues: list[Cue] = []
    at = 0
    for number, group in enumerate(groups, 1):
        start = max(at, group[0].start)
        end = max(group[-1].end, start + SHORTEST)
        if number < len(groups):
            end = min(end, max(groups[number][0].start, start + 1))
        at = end = min(end, start + LONGEST)
        lines = _lines(group)
        assert lines is not None, "a word is no longer than a line"
        cues.append(Cue(start, end, "\n".join(map(escape, lines))))
    return cues
