"""Blocks of objects, fetched once and kept: some in memory, more on a bounded share of the disk."""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import structlog

log = structlog.get_logger()

BLOCK_BYTES = 1024**2  # larger: a cell costs more that it does not need; smaller: more requests
_IN_MEMORY = 24  # blocks; a few streams with their read-ahead, where there is no disk
_WRITES_AT_ONCE = 4  # then readers wait for the disk, lest unwritten blocks fill the memory
_DISK_PAUSE_SECONDS = 30.0  # after a write failed, as on a full disk

# Bytes `start` to `start + length` of the object with this key, fewer at its end.
Fetch = Callable[[str, int, int], Awaitable[bytes]]


class Block(msgspec.Struct, frozen=True):
    """A piece of an object: bytes `index * BLOCK_BYTES` and following."""

    key: str
    index: int

    @property
    def file_name(self) -> str:
        return f"{hashlib.sha256(self.key.encode()).hexdigest()[:32]}-{self.index}"


class BlockCache:
    """Blocks of objects that never change.

    Requests of the same block at the same time are fetched once. The disk is a convenience: when it is full or
    fails, blocks are kept in memory alone or fetched again. What is on disk stays below `capacity` bytes.
    """

    def __init__(self, fetch: Fetch, folder: Path | None, capacity: int) -> None:
        self._fetch = fetch
        self._folder = folder
        self._capacity = capacity
        self._fetching: dict[Block, asyncio.Task[bytes]] = {}
        self._writing: set[asyncio.Task[None]] = set()
        self._memory: OrderedDict[Block, bytes] = OrderedDict()
        self._disk: OrderedDict[Block, int] = OrderedDict()
        self._disk_bytes = 0
        self._disk_again_at = 0.0

    async def read(self, block: Block) -> bytes:
        """The block's bytes; raises what `fetch` raises."""
        known = self._memory.get(block)
        if known is not None:
            self._memory.move_to_end(block)
            return known
        # shielded: others may wait for the same block when this reader goes away
        return await asyncio.shield(self._begin(block))

    def has(self, block: Block) -> bool:
        """Whether the block need not be fetched."""
        return block in self._memory or block in self._disk

    def prefetch(self, block: Block) -> None:
        """Begins to fetch a block that will likely be read soon."""
        if not self.has(block):
            self._begin(block)

    async def close(self) -> None:
        """Ends what is being fetched, and lets what is being written end."""
        tasks = list(self._fetching.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.settle()

    async def settle(self) -> None:
        """Returns when what is to be kept on disk is there."""
        while self._writing:
            await asyncio.wait(self._writing)

    def _begin(self, block: Block) -> asyncio.Task[bytes]:
        task = self._fetching.get(block)
        if task is None:
            task = self._fetching[block] = asyncio.create_task(self._obtain(block))
            task.add_done_callback(lambda done: self._ended(block, done))
        return task

    def _ended(self, block: Block, task: asyncio.Task[bytes]) -> None:
        del self._fetching[block]
        if not task.cancelled():
            task.exception()  # of a prefetch: whoever really reads the block will meet it again

    async def _obtain(self, block: Block) -> bytes:
        data = await self._from_disk(block)
        if data is None:
            data = await self._fetch(block.key, block.index * BLOCK_BYTES, BLOCK_BYTES)
            await self._begin_writing(block, data)
        self._memory[block] = data
        if len(self._memory) > _IN_MEMORY:
            self._memory.popitem(last=False)
        return data

    async def _from_disk(self, block: Block) -> bytes | None:
        if self._folder is None or block not in self._disk:
            return None
        self._disk.move_to_end(block)
        try:
            data = await asyncio.to_thread((self._folder / block.file_name).read_bytes)
        except OSError as error:
            log.warning("scratch_read_failed", error=str(error))
            self._forget(block)
            return None
        return data if len(data) == self._disk.get(block) else None

    async def _begin_writing(self, block: Block, data: bytes) -> None:
        """Keeps a block on disk as well, while its readers go on."""
        if self._folder is None or len(data) > self._capacity or time.monotonic() < self._disk_again_at:
            return
        if len(self._writing) >= _WRITES_AT_ONCE:
            await asyncio.wait(self._writing, return_when=asyncio.FIRST_COMPLETED)
        task = asyncio.create_task(self._to_disk(self._folder, block, data))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _to_disk(self, folder: Path, block: Block, data: bytes) -> None:
        path, size = folder / block.file_name, len(data)
        while self._disk_bytes + size > self._capacity and self._disk:
            oldest = next(iter(self._disk))
            self._forget(oldest)
            await asyncio.to_thread(_discard, folder / oldest.file_name)
        if self._disk_bytes + size > self._capacity:
            return  # all of it is taken by blocks that are being written
        self._disk_bytes += size  # before the write: others count on it meanwhile
        try:
            await asyncio.to_thread(path.write_bytes, data)
            self._disk[block] = size
        except OSError as error:
            log.warning("scratch_write_failed", error=str(error), paused_seconds=_DISK_PAUSE_SECONDS)
            self._disk_again_at = time.monotonic() + _DISK_PAUSE_SECONDS
            self._disk_bytes -= size
            await asyncio.to_thread(_discard, path)

    def _forget(self, block: Block) -> None:
        self._disk_bytes -= self._disk.pop(block, 0)


def _discard(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        log.warning("scratch_unlink_failed", error=str(error))
