"""What is heard of a video's sound, as plain data. Times are milliseconds from the start of the video."""

from __future__ import annotations

import msgspec


class Word(msgspec.Struct, frozen=True, array_like=True):
    """A word and when it is said."""

    start: int
    end: int
    text: str
    """As the model writes it: with the space before it where the language has spaces, and the marks behind it."""


class Heard(msgspec.Struct, frozen=True):
    """What was heard in a window."""

    language: str
    """As the model names it: two letters mostly."""
    probability: float
    """How sure the model is of the language, 0 to 1; 1 where it was told."""
    words: tuple[Word, ...]
