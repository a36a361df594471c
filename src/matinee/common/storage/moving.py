"""Two storages as one, while everything is copied from the former to the current one (`move.py`).

What is written goes to both, the former first, which so is never behind the current one: a copy in progress is
compared with it, and a process that does not know of the move yet finds everything there. What is read comes from the
current one where it is there already. What clients upload is in one of the two, and is copied like everything else.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import TypeVar

from matinee.common.storage.port import NoSuchObjectError, NoSuchUploadError, Part, Stored, Unfinished
from matinee.common.storage.s3 import S3Storage
from matinee.common.storage.side_by_side import side_by_side

BEGUN = ".matinee/moving"
"""The object of the current storage that says that every process knows both: from then on uploads begin there."""

_BLOCK = 1024 * 1024  # bytes read at once

Value = TypeVar("Value")


class MovingStorage:
    """The Storage port (see port.py) over two storages. `open()` first, `close()` last."""

    def __init__(self, current: S3Storage, former: S3Storage) -> None:
        self.current = current
        self.former = former

    async def open(self) -> None:
        await self.current.open()
        await self.former.open()

    async def close(self) -> None:
        await self.current.close()
        await self.former.close()

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        await self.former.put(key, data, content_type)
        await self.current.put(key, data, content_type)

    async def put_stream(self, key: str, size: int, data: AsyncIterator[bytes]) -> None:
        await self.former.put_stream(key, size, data)
        await self.current.put_stream(key, size, self.former.stream(key))  # `data` comes once

    async def read(self, key: str, start: int, length: int) -> bytes:
        return await self._first(lambda storage: storage.read(key, start, length))

    async def size(self, key: str) -> int:
        return await self._first(lambda storage: storage.size(key))

    async def list_objects(self, prefix: str) -> AsyncIterator[Stored]:
        both = side_by_side(self.current.list_objects(prefix), self.former.list_objects(prefix))
        async for current, former in both:
            listed = current or former
            assert listed is not None
            yield listed

    async def list_uploads(self, prefix: str) -> AsyncIterator[Unfinished]:
        for storage in (self.current, self.former):
            async for upload in storage.list_uploads(prefix):
                yield upload

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        async with aclosing((await self._holder(key)).stream(key)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def delete_prefix(self, prefix: str, *, keep: str | None = None) -> int:
        # the former first: what a copy in progress still writes, it removes when it finds its original gone
        before = await self.former.delete_prefix(prefix, keep=keep)
        return max(before, await self.current.delete_prefix(prefix, keep=keep))

    async def delete(self, key: str) -> None:
        await self.former.delete(key)
        await self.current.delete(key)

    async def begin_upload(self, key: str, content_type: str) -> str:
        begun = await _has(self.current, BEGUN)
        return await (self.current if begun else self.former).begin_upload(key, content_type)

    async def part_urls(self, key: str, upload_id: str, sizes: Mapping[int, int], expires: int) -> list[str]:
        return await (await self._begun_in(key, upload_id)).part_urls(key, upload_id, sizes, expires)

    async def put_part(self, key: str, upload_id: str, number: int, size: int, data: AsyncIterator[bytes]) -> str:
        return await (await self._begun_in(key, upload_id)).put_part(key, upload_id, number, size, data)

    async def copy_part(self, key: str, upload_id: str, number: int, source: str, start: int, size: int) -> str:
        storage = await self._begun_in(key, upload_id)
        if await _has(storage, source):
            return await storage.copy_part(key, upload_id, number, source, start, size)
        return await storage.put_part(key, upload_id, number, size, self._window(source, start, size))

    async def list_parts(self, key: str, upload_id: str) -> list[Part]:
        try:
            return await self.current.list_parts(key, upload_id)
        except NoSuchUploadError:
            return await self.former.list_parts(key, upload_id)

    async def complete_upload(self, key: str, upload_id: str, parts: list[Part]) -> None:
        try:
            await self.current.complete_upload(key, upload_id, parts)
        except NoSuchUploadError:
            await self.former.complete_upload(key, upload_id, parts)

    async def abort_upload(self, key: str, upload_id: str) -> None:
        await self.former.abort_upload(key, upload_id)
        await self.current.abort_upload(key, upload_id)

    async def abort_uploads(self, key: str) -> int:
        return await self.former.abort_uploads(key) + await self.current.abort_uploads(key)

    async def get_url(self, key: str, expires: int, disposition: str | None = None, *, internal: bool = False) -> str:
        return await (await self._holder(key)).get_url(key, expires, disposition, internal=internal)

    async def check(self) -> None:
        await self.current.check()
        await self.former.check()

    async def _first(self, ask: Callable[[S3Storage], Awaitable[Value]]) -> Value:
        try:
            return await ask(self.current)
        except NoSuchObjectError:
            return await ask(self.former)

    async def _begun_in(self, key: str, upload_id: str) -> S3Storage:
        try:
            await self.current.list_parts(key, upload_id)
        except NoSuchUploadError:
            return self.former
        return self.current

    async def _window(self, key: str, start: int, size: int) -> AsyncIterator[bytes]:
        holder = await self._holder(key)
        for at in range(start, start + size, _BLOCK):
            yield await holder.read(key, at, min(_BLOCK, start + size - at))

    async def _holder(self, key: str) -> S3Storage:
        return self.current if await _has(self.current, key) else self.former


async def _has(storage: S3Storage, key: str) -> bool:
    try:
        await storage.size(key)
    except NoSuchObjectError:
        return False
    return True
