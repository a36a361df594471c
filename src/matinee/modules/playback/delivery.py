"""How a stored object's bytes reach the client: from the local cache, through us from the storage, or past us.

Past us: by redirect to the storage or a CDN, or by the proxy in front of us, which fetches them from the storage.
"""

import time
from collections.abc import AsyncGenerator
from typing import Protocol
from urllib.parse import urlsplit

import msgspec

from matinee.common.config import Settings
from matinee.common.storage.port import NoSuchObjectError, Storage
from matinee.modules.playback.cdn import Sign, signer
from matinee.modules.playback.cell_cache import CachedFile, CellCache
from matinee.modules.playback.errors import CellNotReady
from matinee.modules.playback.freshness import Recent

_READ_BYTES = 256 * 1024


class Readable(Protocol):
    """Bytes that are read while they are sent."""

    @property
    def size(self) -> int:
        """Of the whole."""

    def read(self, window: range) -> AsyncGenerator[bytes, None]:
        """Those bytes, in constant memory."""


class Redirect(msgspec.Struct, frozen=True):
    """The client fetches the object from the storage or the CDN itself."""

    url: str


class Handover(msgspec.Struct, frozen=True):
    """The proxy fetches the object: `target` is a presigned address of the storage without scheme and host."""

    target: str


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


Source = CachedFile | Readable | Redirect | Handover


class Delivery:
    """Decides where an object's bytes come from."""

    def __init__(self, storage: Storage, cache: CellCache, settings: Settings) -> None:
        """Raises ConfigError where the key for the CDN cannot be used."""
        self._storage = storage
        self._cache = cache
        self._streams = settings.delivery == "stream"
        self._hands_over = settings.delivery == "accel"
        self._seconds = settings.delivery_url_seconds
        # who asks within half its life gets the same one: to sign it costs more than the rest of the request
        self._addresses: Recent[str] = Recent(lifetime=settings.delivery_url_seconds / 2)
        self._cdn = (settings.cdn_url or "").rstrip("/")
        self._sign: Sign | None = signer(settings) if settings.delivery == "cdn" else None

    def find(self, key: str) -> CachedFile | None:
        """The object where it is at hand already; takes microseconds."""
        return self._cache.find(key) if self._streams else None

    async def open_large(self, key: str, disposition: str, *, head: bool = False) -> Source:
        """Where an object is to be had that is too large for any cache. `disposition`: its Content-Disposition."""
        if self._streams or head:
            return await self._remote(key)
        return await self._past_us(key, disposition)

    async def open(self, key: str, *, head: bool = False) -> Source:
        """Where the object is to be had. With `head`, only its size will be told."""
        if self._streams:
            try:
                if (cached := await self._cache.fetch(key)) is not None:
                    return cached
            except NoSuchObjectError:
                raise CellNotReady from None
        if self._streams or head:  # an address is signed for GET alone
            return await self._remote(key)
        return await self._past_us(key)

    async def _past_us(self, key: str, disposition: str | None = None) -> Source:
        address = self._addresses.get((key, disposition))
        if address is None:
            signed_at = self._addresses.now()
            address = await self._signed(key, disposition)
            self._addresses.keep((key, disposition), address, signed_at)
        if self._hands_over:
            parts = urlsplit(address)
            return Handover(f"{parts.path}?{parts.query}")
        return Redirect(address)

    async def _signed(self, key: str, disposition: str | None) -> str:
        if self._sign is not None and disposition is None:
            return self._sign(f"{self._cdn}/{key}", int(time.time()) + self._seconds)
        return await self._storage.get_url(key, self._seconds, disposition, internal=self._hands_over)

    async def _remote(self, key: str) -> Remote:
        try:
            return Remote(self._storage, key, await self._storage.size(key))
        except NoSuchObjectError:  # recorded, yet gone: it is being deleted, or the storage lost it
            raise CellNotReady from None
