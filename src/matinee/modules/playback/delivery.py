"""How a stored object's bytes reach the client: from the local cache, through us from the storage, or by redirect."""

from collections.abc import AsyncGenerator
from typing import Literal, Protocol

import msgspec

from matinee.common.storage.port import NoSuchObjectError, Storage
from matinee.modules.playback.cell_cache import CachedFile, CellCache
from matinee.modules.playback.errors import CellNotReady

_URL_SECONDS = 60  # a player follows a redirect at once
_READ_BYTES = 256 * 1024


class Readable(Protocol):
    """Bytes that are read while they are sent."""

    @property
    def size(self) -> int:
        """Of the whole."""

    def read(self, window: range) -> AsyncGenerator[bytes, None]:
        """Those bytes, in constant memory."""


class Redirect(msgspec.Struct, frozen=True):
    """The client fetches the object from the storage itself."""

    url: str


class Remote(msgspec.Struct, frozen=True):
    """The object is read from the storage while it is sent."""

    storage: Storage
    key: str
    size: int

    async def read(self, window: range) -> AsyncGenerator[bytes, None]:
        """Those bytes of the object, in constant memory."""
        if window == range(self.size):
            async for chunk in self.storage.stream(self.key):
                yield chunk
            return
        for start in range(window.start, window.stop, _READ_BYTES):
            yield await self.storage.read(self.key, start, min(_READ_BYTES, window.stop - start))


Source = CachedFile | Readable | Redirect


class Delivery:
    """Decides where an object's bytes come from."""

    def __init__(self, storage: Storage, cache: CellCache, mode: Literal["redirect", "stream"]) -> None:
        self._storage = storage
        self._cache = cache
        self._redirects = mode == "redirect"

    def find(self, key: str) -> CachedFile | None:
        """The object where it is at hand already; takes microseconds."""
        return None if self._redirects else self._cache.find(key)

    async def open_large(self, key: str, disposition: str, *, head: bool = False) -> Source:
        """Where an object is to be had that is too large to be kept here. `disposition`: its Content-Disposition."""
        if self._redirects and not head:
            return Redirect(await self._storage.get_url(key, _URL_SECONDS, disposition))
        return await self._remote(key)

    async def open(self, key: str, *, head: bool = False) -> Source:
        """Where the object is to be had. With `head`, only its size will be told."""
        if self._redirects and not head:  # an address is signed for GET alone
            return Redirect(await self._storage.get_url(key, _URL_SECONDS))
        if not self._redirects:
            try:
                if (cached := await self._cache.fetch(key)) is not None:
                    return cached
            except NoSuchObjectError:
                raise CellNotReady from None
        return await self._remote(key)

    async def _remote(self, key: str) -> Remote:
        try:
            return Remote(self._storage, key, await self._storage.size(key))
        except NoSuchObjectError:  # recorded, yet gone: it is being deleted, or the storage lost it
            raise CellNotReady from None
