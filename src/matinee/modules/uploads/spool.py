"""Bytes on their way into the storage: a little of them in memory, the rest in a file without a name."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from typing import IO

import structlog

from matinee.modules.uploads.errors import TooManyUploads

log = structlog.get_logger()

_BLOCK = 1024**2  # bytes in memory, and written or read by a thread at once; smaller: more turns between threads


class Spool:
    """Filled, read as often as needed, emptied, filled again. The file is gone with the process, however it ends."""

    def __init__(self) -> None:
        self.size = 0
        self._waiting: list[bytes] = []
        self._waiting_size = 0
        self._file: IO[bytes] | None = None

    async def write(self, chunk: bytes) -> None:
        """Raises TooManyUploads where the disk is full."""
        self._waiting.append(chunk)
        self._waiting_size += len(chunk)
        self.size += len(chunk)
        if self._waiting_size >= _BLOCK:
            block, self._waiting, self._waiting_size = self._waiting, [], 0
            try:
                await asyncio.to_thread(self._append, block)
            except OSError as error:
                log.warning("upload_not_spooled", error=str(error))
                raise TooManyUploads from None

    async def read(self) -> AsyncIterator[bytes]:
        """Everything, from the first byte."""
        if self._file is not None:
            await asyncio.to_thread(self._file.seek, 0)
            while block := await asyncio.to_thread(self._file.read, _BLOCK):
                yield block
        for chunk in self._waiting:
            yield chunk

    async def empty(self) -> None:
        self._waiting, self._waiting_size, self.size = [], 0, 0
        if self._file is not None:
            await asyncio.to_thread(self._truncate, self._file)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _append(self, block: list[bytes]) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="matinee-upload-")  # noqa: SIM115  # close() does
        self._file.writelines(block)

    def _truncate(self, file: IO[bytes]) -> None:
        file.seek(0)
        file.truncate()
