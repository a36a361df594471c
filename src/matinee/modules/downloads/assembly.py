"""A file that exists nowhere as a whole: its header, then parts of cells, read as they are sent."""

from bisect import bisect_right
from collections.abc import AsyncGenerator
from itertools import accumulate
from uuid import UUID

from matinee.common.storage.port import Storage
from matinee.media import keys
from matinee.media.progressive import Layout, Piece

_READ_BYTES = 1024 * 1024  # of a cell at once; larger: more memory a client


class Assembly:
    """The bytes of a laid-out file, any window of them, in memory that does not grow with it."""

    def __init__(self, storage: Storage, video_id: UUID, recipe: str, layout: Layout) -> None:
        self._storage = storage
        self._video_id = video_id
        self._recipe = recipe
        self._layout = layout
        self._starts = list(accumulate((piece.length for piece in layout.pieces), initial=len(layout.head)))

    @property
    def size(self) -> int:
        """Bytes of the whole."""
        return self._starts[-1]

    async def read(self, window: range) -> AsyncGenerator[bytes, None]:
        """Those bytes."""
        head = self._layout.head[window.start : window.stop]
        if head:
            yield head
        position = max(window.start, len(self._layout.head))
        while position < window.stop:
            place = bisect_right(self._starts, position) - 1
            piece, into = self._layout.pieces[place], position - self._starts[place]
            wanted = min(piece.length - into, window.stop - position, _READ_BYTES)
            yield await self._storage.read(self._key(piece), piece.offset + into, wanted)
            position += wanted

    def _key(self, piece: Piece) -> str:
        return keys.cell_key(self._video_id, self._recipe, piece.rendition, piece.index)
