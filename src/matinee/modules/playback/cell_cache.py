"""Cells on the local disk: a bounded cache of whole objects, shared by the processes of a machine.

What is under an object's key never changes, so a file here is right for ever. The folder survives restarts; a file
appears whole, by a rename. The oldest by time of use (their mtime) go first when room is needed. Nothing depends on
the cache: a full or broken disk only means that cells come from the storage each time.
"""

import asyncio
import hashlib
import math
import os
import stat
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import NamedTuple

import structlog

from matinee.common.once import Once
from matinee.common.storage.port import Storage

log = structlog.get_logger()

_TOUCH_SECONDS = 10  # a use is noted on the file at most this often
_IN_USE_SECONDS = 60  # files used this recently are never dropped: a response may be about to open one
_LEFTOVER_SECONDS = 600  # an unfinished download this old was left by a crash
_SHARE_WITHOUT_SCAN = 0.1  # of the limit that all processes together may add before one looks at the folder
_PAUSE_SECONDS = 10.0  # after the disk refused, before it is tried again
_DOWNLOADS = 16  # at once


Read = Callable[[str], AsyncIterator[bytes]]
"""The bytes of an object by its key."""


class CachedFile(NamedTuple):
    """An object on the disk; it stays for a minute at least."""

    path: str
    size: int


class _Known(NamedTuple):
    file: CachedFile
    touched: float  # monotonic


class CellCache:
    """A folder of cached objects, of at most `limit` bytes; `sharers` is how many processes write to it."""

    def __init__(self, storage: Storage, folder: Path, *, limit: int, sharers: int = 1) -> None:
        self._storage = storage
        self._folder = folder
        self._limit = limit
        self._slack = int(limit * _SHARE_WITHOUT_SCAN / sharers)
        self._added = self._slack  # since the last look at the folder; the first addition looks
        self._known: dict[str, _Known] = {}
        self._downloads: Once[CachedFile | None] = Once()
        self._permits = asyncio.Semaphore(_DOWNLOADS)
        self._making_room = asyncio.Lock()
        self._refused_at = -math.inf
        self._claimed = False

    def find(self, key: str) -> CachedFile | None:
        """The object, if it is here; takes microseconds, so it runs on the event loop."""
        if not self._claimed:
            return None
        known = self._known.get(key)
        now = time.monotonic()
        if known is not None and now - known.touched < _TOUCH_SECONDS:
            return known.file
        path = self._path(key)
        try:
            os.utime(path)
            file = CachedFile(path, os.stat(path).st_size)  # noqa: PTH116  # the hot path has no Path to spare
        except OSError:
            self._known.pop(key, None)
            return None
        self._known[key] = _Known(file, now)
        return file

    async def fetch(self, key: str, read: Read | None = None) -> CachedFile | None:
        """The object, brought here first where it is not; None where the disk cannot hold it. `read` gives its bytes.

        Who asks for the same object meanwhile waits for the same download; it goes on when the asker leaves. Raises
        NoSuchObjectError and StorageUnavailable, and what `read` raises.
        """
        found = self.find(key)
        if found is not None:
            return found
        if time.monotonic() < self._refused_at + _PAUSE_SECONDS:
            return None
        if not self._claimed:
            return await self.fetch(key, read) if await self._claim() else None
        return await self._downloads.do(key, lambda: self._download(key, read or self._storage.stream))

    async def close(self) -> None:
        """Stops the downloads."""
        await self._downloads.close()

    async def _claim(self) -> bool:
        """Whether the folder is there and ours."""
        try:
            await asyncio.to_thread(_claim, self._folder)
            self._claimed = True
        except OSError as error:
            self._refuse(error)
        return self._claimed

    def _refuse(self, error: OSError) -> None:
        self._refused_at = time.monotonic()
        log.warning("cell_cache_refused", folder=str(self._folder), error=str(error))

    async def _download(self, key: str, read: Read) -> CachedFile | None:
        async with self._permits:
            try:
                partial = await asyncio.to_thread(self._begin)
                try:
                    return await self._fill(key, read, *partial)
                finally:
                    await asyncio.to_thread(_discard, *partial)
            except OSError as error:
                self._refuse(error)
                return None

    async def _fill(self, key: str, read: Read, descriptor: int, partial: str) -> CachedFile | None:
        size = 0
        async for chunk in read(key):
            await asyncio.to_thread(_write_all, descriptor, chunk)
            size += len(chunk)
        if not await self._make_room(size):
            self._refused_at = time.monotonic()
            return None
        path = self._path(key)
        await asyncio.to_thread(_publish, descriptor, partial, path)
        self._added += size
        self._known[key] = _Known(CachedFile(path, size), time.monotonic())
        return CachedFile(path, size)

    async def _make_room(self, size: int) -> bool:
        """Whether the folder may grow by that much; drops what was not used for longest."""
        if self._added + size <= self._slack:
            return True
        async with self._making_room:
            if self._added + size <= self._slack:  # somebody else made room meanwhile
                return True
            wanted = int(self._limit * (1 - _SHARE_WITHOUT_SCAN)) - size
            left = await asyncio.to_thread(_shrink, self._folder, wanted)
            self._known = {key: known for key, known in self._known.items() if not self._is_stale(known)}
            self._added = 0
            return left <= self._limit - size

    def _is_stale(self, known: _Known) -> bool:
        return time.monotonic() - known.touched >= _TOUCH_SECONDS

    def _begin(self) -> tuple[int, str]:
        return tempfile.mkstemp(prefix="partial-", dir=self._folder)

    def _path(self, key: str) -> str:
        name = hashlib.blake2b(key.encode(), digest_size=20).hexdigest()
        return f"{self._folder}/{name[:2]}/{name[2:]}"


def default_folder() -> Path:
    """Where cells are cached if no setting says otherwise."""
    return Path(tempfile.gettempdir()) / f"matinee-cells-{os.geteuid()}"


def _claim(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    # somebody else's folder, in a /tmp that all share, may hold somebody else's film
    if found.st_uid != os.geteuid() or not stat.S_ISDIR(found.st_mode):
        raise PermissionError(f"{folder} belongs to another user")


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _publish(descriptor: int, partial: str, path: str) -> None:
    os.fdatasync(descriptor)  # or a power cut could leave an empty file under a name that promises a whole one
    target = Path(path)
    target.parent.mkdir(mode=0o700, exist_ok=True)
    Path(partial).rename(target)


def _discard(descriptor: int, partial: str) -> None:
    os.close(descriptor)
    Path(partial).unlink(missing_ok=True)


def _shrink(folder: Path, wanted: int) -> int:
    """Drops files, the longest unused first, until `wanted` bytes or only files in use are left; returns bytes."""
    now = time.time()
    files: list[tuple[float, int, str]] = []
    for shard in list(os.scandir(folder)):
        if shard.is_dir(follow_symlinks=False):
            files += [(s.st_mtime, s.st_size, entry.path) for entry in os.scandir(shard) if (s := _stat(entry))]
        elif shard.name.startswith("partial-") and (s := _stat(shard)) and now - s.st_mtime > _LEFTOVER_SECONDS:
            Path(shard.path).unlink(missing_ok=True)
    left = sum(size for _, size, _ in files)
    for used, size, path in sorted(files):
        if left <= wanted or 0 <= now - used < _IN_USE_SECONDS:
            break
        Path(path).unlink(missing_ok=True)
        left -= size
    return left


def _stat(entry: "os.DirEntry[str]") -> os.stat_result | None:
    try:
        return entry.stat(follow_symlinks=False)
    except FileNotFoundError:  # another process dropped it
        return None
