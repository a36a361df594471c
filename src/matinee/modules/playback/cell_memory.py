"""Cells in memory, for where they are made and the disk can hold none.

However many watch, and however slowly: what is kept is bounded. A cell that was dropped while somebody still receives
it is made again, which gives the same bytes.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable

import msgspec

from matinee.common.once import Once

_BYTES = 64 * 1024 * 1024  # some thirty cells of 1080p
_AT_ONCE = 4  # cells that are made, each of which may be of some ten megabytes
_PIECE = 256 * 1024  # larger: more memory a viewer; smaller: more turns of the event loop

Make = Callable[[], Awaitable[bytes]]
"""Gives a whole cell; the same whenever it is asked."""


class CellMemory:
    """Cells by their keys, the least used dropped first."""

    def __init__(self, *, limit: int = _BYTES, at_once: int = _AT_ONCE) -> None:
        self._limit = limit
        self._permits = asyncio.Semaphore(at_once)
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0
        self._making: Once[bytes] = Once()

    async def get(self, key: str, make: Make) -> bytes:
        """The cell, made where it is not here. Raises what `make` raises."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
            return found
        return await self._making.do(key, lambda: self._make(key, make))

    async def close(self) -> None:
        """Stops what is being made."""
        await self._making.close()

    async def _make(self, key: str, make: Make) -> bytes:
        async with self._permits:
            made = self._kept[key] = await make()
            self._bytes += len(made)
            while self._bytes > self._limit:
                self._bytes -= len(self._kept.popitem(last=False)[1])
            return made


class MemoryCell(msgspec.Struct, frozen=True):
    """A cell that is read while it is sent."""

    memory: CellMemory
    key: str
    make: Make
    size: int

    async def read(self, window: range) -> AsyncGenerator[bytes, None]:
        """Those bytes, in constant memory."""
        for start in range(window.start, window.stop, _PIECE):
            # nothing else of the cell is held while a slow client takes its time
            yield (await self.memory.get(self.key, self.make))[start : min(start + _PIECE, window.stop)]
