"""A finished cell, as it goes to storage."""

from __future__ import annotations

import msgspec


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
