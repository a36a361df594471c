"""A finished cell, as it goes to storage."""

from __future__ import annotations

import msgspec


class Effort(msgspec.Struct, frozen=True):
    """What it took to encode a cell."""

    seconds: float
    """From the start of its process, or from the cell before it, without the time that the process was held.

    Of a process that makes several renditions its share by pixels: it would take no less alone.
    """
    alone: bool
    """Whether its process made no other rendition."""


class Cell(msgspec.Struct, frozen=True):
    """One segment of one rendition."""

    rendition: str
    index: int
    init: bytes
    """The initialization segment: the same bytes with every cell of the rendition."""
    data: bytes
    """One `moof` and one `mdat`, placed on the grid."""
    keyframe_bytes: int
    """Length of the prefix of `data` that decodes to the first picture; 0 for audio."""
    samples: int
    """Frames of video, or AAC frames."""
    effort: Effort | None = None
    """None: it was not encoded, or nobody looked at the clock."""
