"""The worker's loopback range server: FFmpeg reads an S3 object by it, and never sees S3.

A source is never downloaded whole before work begins: blocks are fetched as FFmpeg asks for them, some ahead, and
kept in the scratch cache for the next chunk. Each use has an address of its own that cannot be guessed.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from functools import partial

import structlog
from aiohttp import web

from matinee.common.storage.port import NoSuchObjectError, Storage, StorageUnavailable
from matinee.media.cells import Cell
from matinee.media.sample_tables import Read
from matinee.modules.encoding.block_cache import BLOCK_BYTES, Block, BlockCache
from matinee.modules.encoding.scratch import Scratch

log = structlog.get_logger()

PATIENCE_SECONDS = 15.0  # with a pause before it well within the 30 s after which FFmpeg takes its input for lost
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 3.0
_WRITE_BYTES = 256 * 1024
_BLOCKS_READ_AT_ONCE = 16  # more would push what is being read out of the memory


class ServedSource:
    """An object that is being served; made by `SourceServer.serve` only."""

    def __init__(self, key: str, url: str, size: int, read: Read) -> None:
        self.key = key
        self.url = url
        self.size = size
        self.read = read
        """Bytes of the object, without a request: from where, how many."""
        self.failure: StorageUnavailable | None = None
        self.waited = 0.0
        """Seconds that its readers have waited for the storage."""
        self._run = range(0)  # what was last asked for in one go, by however many requests
        self._flowing = asyncio.Event()
        self._flowing.set()

    async def flow(self) -> None:
        """Returns at once unless the source is paused, and then when it is resumed."""
        await self._flowing.wait()

    @asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """Gives the reader no further block for the length of the block; not longer than FFmpeg's 30 s."""
        self._flowing.clear()
        try:
            yield
        finally:
            self._flowing.set()

    def begin(self, wanted: range) -> int:
        """Where the reader began whom a request of these bytes belongs to: it may go on from the one before."""
        start = self._run.start if wanted.start == self._run.stop else wanted.start
        self._run = range(start, wanted.stop)
        return start

    async def checked(self, cells: AsyncGenerator[Cell, None]) -> AsyncGenerator[Cell, None]:
        """What is made of the source, as long as that can be read: FFmpeg makes up pictures for the rest."""
        async with aclosing(cells):
            async for cell in cells:
                self.check()
                yield cell

    def check(self) -> None:
        """Raises StorageUnavailable where the object could not be read to the reader's wish.

        Then whatever the reader made of it, be it a fault it found or cells, is not to be trusted.
        """
        if self.failure is not None:
            raise self.failure


class SourceServer:
    """Serves S3 objects on 127.0.0.1 with ranges. `open()` first, `close()` last."""

    def __init__(self, storage: Storage, scratch: Scratch, capacity: int) -> None:
        """`capacity`: bytes of scratch space it may use."""
        self._storage = storage
        self._scratch = scratch
        self._capacity = capacity
        self._sources: dict[str, ServedSource] = {}
        self._cache: BlockCache | None = None
        self._runner: web.AppRunner | None = None
        self._port = 0

    async def open(self) -> None:
        self._scratch.open()
        self._cache = BlockCache(self._fetch, self._scratch.folder, self._capacity)
        app = web.Application()
        app.router.add_get("/{token}", self._answer)  # and HEAD
        # a reader that goes away must not leave its handler waiting for the storage
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        if self._cache is not None:
            await self._cache.close()
        self._scratch.close()

    @asynccontextmanager
    async def serve(self, key: str) -> AsyncIterator[ServedSource]:
        """Serves the object for the length of the block; raises NoSuchObjectError.

        At the end it raises StorageUnavailable in place of whatever the block raised, where the storage failed.
        """
        token = secrets.token_urlsafe(24)
        url = f"http://127.0.0.1:{self._port}/{token}"
        source = ServedSource(key, url, await self._storage.size(key), partial(self._read, key))
        self._sources[token] = source
        try:
            yield source
        except Exception:  # the reader's error may be the storage's: which one is told here
            source.check()
            raise
        finally:
            del self._sources[token]
        source.check()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        source = self._sources.get(request.match_info["token"])
        if source is None:
            return web.Response(status=404)
        wanted = _wanted_range(request, source.size)
        if wanted is None:
            return web.Response(status=416, headers={"Content-Range": f"bytes */{source.size}"})
        response = web.StreamResponse(status=206 if "Range" in request.headers else 200)
        response.content_type = "application/octet-stream"
        response.content_length = len(wanted)
        response.headers["Accept-Ranges"] = "bytes"
        if response.status == 206:
            response.headers["Content-Range"] = f"bytes {wanted.start}-{wanted.stop - 1}/{source.size}"
        try:
            await response.prepare(request)
            if request.method != "HEAD":
                await self._send(source, wanted, response)
            await response.write_eof()
        except ConnectionError:
            pass  # FFmpeg seeks by leaving
        except Exception as error:  # whatever it was, the reader did not get what it asked for
            if not isinstance(error, StorageUnavailable):
                log.exception("source_not_served", key=source.key)
                error = StorageUnavailable(f"The source could not be served: {error!r}")
            source.failure = error
            _abort(request)  # a clean end would look like the end of the file
        return response

    async def _send(self, source: ServedSource, wanted: range, response: web.StreamResponse) -> None:
        assert self._cache is not None
        first, last = wanted.start // BLOCK_BYTES, (wanted.stop - 1) // BLOCK_BYTES
        began, end = source.begin(wanted) // BLOCK_BYTES, (source.size - 1) // BLOCK_BYTES
        for index in range(first, last + 1):
            await source.flow()
            if began < index < end:  # who reads on gets one block ahead; a seek costs one block
                self._cache.prefetch(Block(source.key, index + 1))
            with _timed(source):
                data = memoryview(await self._cache.read(Block(source.key, index)))
            if len(data) < min(BLOCK_BYTES, source.size - index * BLOCK_BYTES):
                raise StorageUnavailable("The object storage sent less than it has.")
            offset = index * BLOCK_BYTES
            data = data[max(0, wanted.start - offset) : wanted.stop - offset]
            for start in range(0, len(data), _WRITE_BYTES):
                await response.write(data[start : start + _WRITE_BYTES])

    async def _read(self, key: str, start: int, length: int) -> bytes:
        """Bytes of an object: what is wanted alone, unless the blocks around it are there."""
        assert self._cache is not None
        first, last = start // BLOCK_BYTES, (start + length - 1) // BLOCK_BYTES
        blocks = [Block(key, index) for index in range(first, last + 1)]
        if len(blocks) > _BLOCKS_READ_AT_ONCE or not all(self._cache.has(block) for block in blocks):
            return await self._storage.read(key, start, length)
        read = [await self._cache.read(block) for block in blocks]
        if any(len(data) < BLOCK_BYTES for data in read[:-1]):
            raise StorageUnavailable("The object storage sent less than it has.")
        offset = start - first * BLOCK_BYTES
        return b"".join(read)[offset : offset + length]

    async def _fetch(self, key: str, start: int, length: int) -> bytes:
        """The bytes, with as much patience as FFmpeg has; raises StorageUnavailable then."""
        pause = _FIRST_PAUSE
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while True:
                    try:
                        return await self._storage.read(key, start, length)
                    except StorageUnavailable as error:
                        log.warning("source_read_failed", key=key, start=start, error=str(error))
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, _LONGEST_PAUSE)
        except TimeoutError:
            raise StorageUnavailable from None
        except NoSuchObjectError:  # it was there when work began: deleted meanwhile
            raise StorageUnavailable("The source was removed.") from None


@contextmanager
def _timed(source: ServedSource) -> Iterator[None]:
    """Counts the block's time as waited, also where the reader gives up."""
    began = time.monotonic()
    try:
        yield
    finally:
        source.waited += time.monotonic() - began


def _wanted_range(request: web.Request, size: int) -> range | None:
    """The bytes asked for; None where there are none such."""
    try:
        asked = request.http_range
    except ValueError:
        return None
    start, stop, _ = asked.indices(size)
    if size == 0 and "Range" not in request.headers:
        return range(0)
    return range(start, stop) if start < stop else None


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
