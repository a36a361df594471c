"""Copies everything of one storage to another, while both are in use (see `moving.py`)."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import msgspec
import structlog

from matinee.common.storage.moving import BEGUN
from matinee.common.storage.port import NoSuchObjectError, NoSuchUploadError, Part, StorageUnavailable, Stored
from matinee.common.storage.s3 import Described, S3Storage
from matinee.common.storage.side_by_side import side_by_side

log = structlog.get_logger()

MIB = 1024**2
AT_ONCE = 8  # objects; each has one request under way and at most LARGEST_WHOLE bytes, or one part, in memory
_LARGEST_WHOLE = 64 * MIB  # what did not come in parts is sent in parts from here on
_COMPARED_BYTES = 4 * MIB  # at a time, where ETags tell nothing
_MOST_TRIES = 5  # of an object that is another each time it is looked at
_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)  # seconds, while the storage fails

Tell = Callable[[int], None]
"""So many bytes more are in the current storage."""


class CopyDiffers(Exception):
    """The current storage gives back something else than it was given."""


class Pass(msgspec.Struct):
    """What one look at everything came to."""

    objects: int = 0
    copied: int = 0
    failed: int = 0

    @property
    def is_last(self) -> bool:
        """The current storage had everything."""
        return self.copied == self.failed == 0


class Move:
    """Objects under `prefix` from `former` to `current`, both open.

    It may end at any point: what is there is not copied again. `part_size` tells how a file of so many bytes was cut
    when it was uploaded, so that the copy is cut likewise and has the same ETag.
    """

    def __init__(
        self, former: S3Storage, current: S3Storage, prefix: str, *, part_size: Callable[[int], int]
    ) -> None:
        self._former = former
        self._current = current
        self._prefix = prefix
        self._part_size = part_size

    async def begin(self) -> None:
        """From now on uploads begin in the current storage: every process must know of it."""
        await self._former.delete(BEGUN)  # of a move to there, earlier
        await self._current.put(BEGUN, b"", "text/plain")

    async def run_pass(self, tell: Tell) -> Pass:
        """Copies what the current storage lacks or has otherwise. An object that cannot be copied stops no other.

        Raises StorageUnavailable where the objects cannot be listed, and CopyDiffers.
        """
        found, free = Pass(), asyncio.Semaphore(AT_ONCE)

        async def copy(listed: Stored) -> None:
            try:
                copied = await self._outlast(listed.key)
            except StorageUnavailable as error:
                log.warning("object_not_copied", key=listed.key, error=error.detail)
                found.failed += 1
                return
            finally:
                free.release()
            found.copied += copied
            tell(listed.size)

        try:
            async with asyncio.TaskGroup() as group:
                async for listed, there in self._both():
                    if listed is None:  # uploaded to the current one
                        continue
                    found.objects += 1
                    if there is not None and (there.size, there.etag) == (listed.size, listed.etag):
                        tell(listed.size)
                        continue
                    await free.acquire()
                    group.create_task(copy(listed))
        except ExceptionGroup as group_error:
            raise group_error.exceptions[0] from None
        return found

    def _both(self) -> AsyncIterator[tuple[Stored | None, Stored | None]]:
        return side_by_side(self._former.list_objects(self._prefix), self._current.list_objects(self._prefix))

    async def _outlast(self, key: str) -> bool:
        for pause in _PAUSES:
            try:
                return await self._copy(key)
            except StorageUnavailable as error:
                log.info("storage_outage", key=key, error=error.detail, pause=pause)
            await asyncio.sleep(pause)
        return await self._copy(key)

    async def _copy(self, key: str) -> bool:
        """Until both have the same, whatever happens to the former one meanwhile; whether it had to be written."""
        written = False
        for _ in range(_MOST_TRIES):
            original = await _look(self._former, key)
            if original is None:
                if await _look(self._current, key) is None:
                    return False
                await self._current.delete(key)  # whoever deleted the other may have come here before us
                continue
            # deleted while it was read; or another move has taken the upload of its copy for one that was killed
            with suppress(NoSuchObjectError, NoSuchUploadError):
                if await self._is_there(key, original):
                    return written
                await self._write(key, original)
                written = True
        raise CopyDiffers(f"{key} is not the same in both storages, though it was copied {_MOST_TRIES} times.")

    async def _is_there(self, key: str, original: Described) -> bool:
        copy = await _look(self._current, key)
        if copy is None or copy.size != original.size:
            return False
        return copy.etag == original.etag or await self._digest(self._former, key, original) == await self._digest(
            self._current, key, copy
        )

    async def _digest(self, storage: S3Storage, key: str, about: Described) -> bytes:
        """Of the content: where two storages, or two ways of cutting, give the same object two ETags."""
        digest = hashlib.sha256()
        async for piece in _pieces(storage, key, about.size, _COMPARED_BYTES):
            digest.update(piece)
        return digest.digest()

    async def _write(self, key: str, original: Described) -> None:
        if "-" not in original.etag and original.size <= _LARGEST_WHOLE:
            data = b"".join([piece async for piece in _pieces(self._former, key, original.size, _LARGEST_WHOLE)])
            await self._current.put(key, data, original.content_type)
            return
        await self._current.abort_uploads(key)  # of a run that was killed
        upload_id = await self._current.begin_upload(key, original.content_type)
        try:
            parts: list[Part] = []
            async for piece in _pieces(self._former, key, original.size, self._part_size(original.size)):
                parts.append(await self._current.send_part(key, upload_id, len(parts) + 1, piece))
            await self._current.complete_upload(key, upload_id, parts)
        except BaseException:
            with suppress(StorageUnavailable):
                await self._current.abort_upload(key, upload_id)
            raise


async def _look(storage: S3Storage, key: str) -> Described | None:
    try:
        return await storage.describe(key)
    except NoSuchObjectError:
        return None


async def _pieces(storage: S3Storage, key: str, size: int, length: int) -> AsyncIterator[bytes]:
    """The object in pieces of `length`; raises NoSuchObjectError, and StorageUnavailable where it sends less."""
    for start in range(0, size, length):
        wanted = min(length, size - start)
        piece = await storage.read(key, start, wanted)
        if len(piece) != wanted:
            raise StorageUnavailable("The object storage sent less than it has.")
        yield piece
