"""A finished cell, as it goes to storage."""

from __future__ import annotations

from hashlib import sha256

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

    def __eq__(self, other: object) -> bool:
        """By what it is, not by what it took to make it."""
        return isinstance(other, Cell) and self._identity == other._identity

    def __repr__(self) -> str:
        """Without its megabytes."""
        return (
            f"<cell {self.index} of {self.rendition}, {len(self.data)} bytes, {sha256(self.data).hexdigest()[:12]}>"
        )

    @property
    def _identity(self) -> tuple[str, int, bytes, bytes, int, int]:
        return self.rendition, self.index, self.init, self.data, self.keyframe_bytes, self.samples
