"""A ZIP archive that is written into the object storage as it grows: no more of it is in memory than a part."""

import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from matinee.common.storage.port import Part, Storage

PART = 16 * 1024 * 1024  # bytes. Smaller: less memory; larger: larger archives, for they have 10,000 parts at most
_PIECE = 64 * 1024


class Archive:
    """An archive under a key. `close` completes it; one that is left open is no object."""

    def __init__(self, storage: Storage, key: str, upload_id: str, part_size: int) -> None:
        self._storage = storage
        self._part_size = part_size
        self._key = key
        self._upload_id = upload_id
        self._written = _Written()
        self._zip = zipfile.ZipFile(self._written, "w", zipfile.ZIP_DEFLATED)
        self._now = datetime.now(UTC).timetuple()[:6]
        self._parts: list[Part] = []
        self.size = 0

    @classmethod
    async def begin(cls, storage: Storage, key: str, part_size: int = PART) -> "Archive":
        """A new one, in the place of any that was not completed."""
        await storage.abort_uploads(key)
        return cls(storage, key, await storage.begin_upload(key, "application/zip"), part_size)

    async def add(self, name: str, data: AsyncIterator[bytes], *, compress: bool = True) -> None:
        """Adds a file of any size, as it comes."""
        entry = zipfile.ZipInfo(name, self._now)
        entry.compress_type = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
        with self._zip.open(entry, "w", force_zip64=True) as file:
            async for piece in data:
                for start in range(0, len(piece), _PIECE):  # of one that compresses well, not too much at once
                    file.write(piece[start : start + _PIECE])
                await self._store(self._part_size)

    async def close(self) -> int:
        """Completes it; returns its size in bytes."""
        self._zip.close()
        await self._store(1)
        await self._storage.complete_upload(self._key, self._upload_id, self._parts)
        return self.size

    async def _store(self, least: int) -> None:
        """Stores what is written while it is so much, in parts of one size but for the last."""
        while len(self._written.data) >= least:
            data = bytes(self._written.data[: self._part_size])
            del self._written.data[: self._part_size]
            number = len(self._parts) + 1
            etag = await self._storage.put_part(self._key, self._upload_id, number, len(data), _once(data))
            self._parts.append(Part(number, len(data), etag, datetime.now(UTC)))
            self.size += len(data)


class _Written:
    """What `zipfile` writes to; it goes only forward."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes) -> int:
        self.data += data
        return len(data)

    def flush(self) -> None:
        """Nothing waits behind it."""

    def close(self) -> None:
        """Nothing is open."""


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
