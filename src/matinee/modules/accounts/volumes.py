"""What is put into ZIP archives, one after another: each is no larger than a storage takes and people fetch."""

from collections.abc import AsyncIterator, Callable

from matinee.common.storage.port import Storage
from matinee.modules.accounts.archive import PART, Archive

_VOLUME = 100 * 1024**3  # bytes of files; 60 GiB more fit, for what tells no size beforehand
_MOST_PARTS = 9_000  # of a file that is larger than that: a storage takes 10,000, of one size


class Volumes:
    """Archives under `key(1)`, `key(2)` and so on. `close` completes the last; one that is left open is no object."""

    def __init__(self, storage: Storage, key: Callable[[int], str]) -> None:
        self._storage = storage
        self._key = key
        self._open: Archive | None = None
        self._files = 0  # bytes of those in the open one
        self.count = 0
        self.size = 0

    async def add(self, name: str, data: AsyncIterator[bytes], *, size: int = 0, compress: bool = True) -> None:
        """Adds a file, as it comes. `size`: its bytes, where that is known."""
        if self._open is None or (self._files and self._files + size > _VOLUME):
            await self.close()
            self.count += 1
            self._open = await Archive.begin(self._storage, self._key(self.count), part_size_for(size))
        await self._open.add(name, data, compress=compress)
        self._files += size

    async def close(self) -> None:
        """Completes the open one."""
        if self._open is not None:
            self.size += await self._open.close()
            self._open, self._files = None, 0


def part_size_for(size: int) -> int:
    """Bytes of a part of an archive that holds such a file."""
    return max(PART, -(-size // _MOST_PARTS))
