"""One file's way from its address into the storage: part by part, in constant memory, from wherever it stopped.

The parts that the storage lists are the truth. They are gone on with only where the server vouches that the rest
belongs to the same file; else everything begins anew, in an upload of its own. What is stored was reserved of its
owner's quota before.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import structlog

from matinee.common.database import Connection, Database
from matinee.common.jobs import JobQueue, JobRun, ensure_owned
from matinee.common.notifications import announce
from matinee.common.storage.port import NoSuchObjectError, NoSuchUploadError, Storage
from matinee.modules.encoding.errors import Failure, VideoGoneError
from matinee.modules.encoding.jobs import ingest_job
from matinee.modules.imports import repository
from matinee.modules.imports.errors import EMPTY, BrokenOffError, FileChangedError, ImportFailedError
from matinee.modules.imports.fetch import Fetcher
from matinee.modules.imports.repository import ImportRow
from matinee.modules.imports.rules import PAUSES, Answer, Wanted, leading_parts, read_url
from matinee.modules.integrity.jobs import hash_job
from matinee.modules.quotas.errors import QuotaExceeded
from matinee.modules.quotas.rules import readable
from matinee.modules.quotas.service import QuotaService
from matinee.modules.uploads.errors import FileTooLarge
from matinee.modules.uploads.rules import MOST_PARTS, PART_SIZE, PartPlan, choose_part_size

log = structlog.get_logger()

_REVISION = 1  # of a video's first file
_PIECE = 256 * 1024  # bytes handed to the storage at once; larger: others wait longer for the event loop
_TELL_SECONDS = 1.0  # between two signs of progress; each is also a look whether somebody still wants the file


class Tools(NamedTuple):
    """What a transfer works with."""

    database: Database
    storage: Storage
    queue: JobQueue
    quotas: QuotaService
    fetcher: Fetcher
    max_bytes: int


class Transfer:
    """Fetches one file; `run` may be cancelled or killed anywhere and done again by another."""

    def __init__(self, tools: Tools, run: JobRun, row: ImportRow) -> None:
        self._tools = tools
        self._storage = tools.storage
        self._run = run
        self._row = row
        self._url = read_url(row.url)
        self._upload_id = row.upload_id
        self._validator = row.validator
        self._length = row.length
        self._part_size = row.part_size
        self._reserved = row.reserved
        self._stored = 0  # bytes, in whole parts
        self._part = bytearray()  # what is here of the next one
        self._joined = False
        self._told_at = 0.0

    async def run(self) -> None:
        """Leaves when the file is in the storage and its video PROCESSING.

        Raises ImportFailedError, and VideoGoneError where nobody wants the file any more.
        """
        await self._resume()
        farthest, tries = self._position, 0
        while not self._joined:
            try:
                if self._position != self._length:
                    await self._fetch()
                await self._join()
            except FileChangedError:
                self._forget()
            except BrokenOffError as trouble:
                tries = 0 if self._position > farthest else tries + 1
                farthest = max(farthest, self._position)
                await self._wait(str(trouble), tries)
        await self._finish()

    @property
    def _position(self) -> int:
        """Bytes of the file that are here, from its beginning on."""
        return self._stored + len(self._part)

    @property
    def _limit(self) -> int:
        """The longest file that is taken; one of unknown length must do with parts of the usual size."""
        longest = self._tools.max_bytes
        return min(longest, MOST_PARTS * PART_SIZE) if self._length is None else longest

    async def _resume(self) -> None:
        """Finds out what is stored of the file."""
        if self._upload_id is None:
            return
        try:
            listed = await self._storage.list_parts(self._row.key, self._upload_id)
        except NoSuchUploadError:
            self._joined = await self._was_joined()
            return
        plan = PartPlan(self._length or self._limit, self._part_size)
        self._stored = sum(part.size for part in leading_parts(plan, listed))

    async def _fetch(self) -> None:
        """Asks for what is missing and stores it as it comes; raises BrokenOffError where it does not come whole."""
        if self._validator is None:
            self._forget()
        wanted = Wanted(self._position, self._validator, self._length)
        async with self._tools.fetcher.open(self._url, wanted) as (answer, chunks):
            if answer.start == 0:
                await self._begin(answer)
            async for chunk in chunks:
                await self._take(chunk)
        if self._length is not None and self._position < self._length:
            raise BrokenOffError("The server sent less than it announced.")

    async def _begin(self, answer: Answer) -> None:
        """The file comes from its first byte on: into a new upload, for an older one may hold parts of another."""
        self._forget()
        self._length = answer.length
        if answer.length == 0:
            raise ImportFailedError(EMPTY)
        if answer.length is not None and answer.length > self._limit:
            raise self._too_large(answer.length)
        part_size = choose_part_size(answer.length or PART_SIZE)
        key, former = self._row.key, self._upload_id
        upload_id = await self._storage.begin_upload(key, answer.media_type)
        try:
            async with self._recording() as db:
                await self._reserve(db, answer.length or 0)
                await repository.begin(db, self._row.id, upload_id, answer, part_size)
        except BaseException:
            await self._storage.abort_upload(key, upload_id)
            raise
        self._upload_id, self._validator, self._part_size = upload_id, answer.validator, part_size
        if former is not None:
            await self._storage.abort_upload(key, former)

    async def _take(self, chunk: bytes) -> None:
        if self._position + len(chunk) > self._limit:
            raise self._too_large(None)
        if self._length is not None and self._position + len(chunk) > self._length:
            raise FileChangedError  # more than there should be
        while chunk:
            room = self._part_size - len(self._part)
            self._part += chunk[:room]
            chunk = chunk[room:]
            if len(self._part) == self._part_size:
                await self._store()
        if time.monotonic() - self._told_at > _TELL_SECONDS:
            async with self._recording() as db:
                await self._tell(db)

    async def _store(self) -> None:
        """Stores the part that is here, and what it achieves is kept, whatever becomes of this worker."""
        assert self._upload_id is not None
        if self._length is None:
            async with self._recording() as db:
                await self._reserve(db, self._position)
        number, part = self._stored // self._part_size + 1, self._part
        try:
            await self._storage.put_part(self._row.key, self._upload_id, number, len(part), _pieces(part))
        except NoSuchUploadError:
            raise self._lost() from None
        self._stored += len(part)
        self._part = bytearray()
        async with self._recording() as db:
            await self._tools.queue.progressed(db, self._run)
            await self._tell(db)

    async def _join(self) -> None:
        """Makes the parts an object. Before, the length is recorded, by which that is known again."""
        assert self._upload_id is not None
        if self._position == 0:
            raise ImportFailedError(EMPTY)
        if self._length is None:
            async with self._recording() as db:
                await self._reserve(db, self._position)
                await repository.measure(db, self._row.id, self._position)
            self._length = self._position
        if self._part:
            await self._store()
        plan = PartPlan(self._length, self._part_size)
        try:
            parts = leading_parts(plan, await self._storage.list_parts(self._row.key, self._upload_id))
            if len(parts) < plan.count:
                raise self._lost()
            await self._storage.complete_upload(self._row.key, self._upload_id, parts)
        except NoSuchUploadError:
            if not await self._was_joined():
                raise self._lost() from None
        self._joined = True

    async def _was_joined(self) -> bool:
        """Whether an earlier run made the object and did not live to say so."""
        try:
            return await self._storage.size(self._row.key) == self._length
        except NoSuchObjectError:
            return False

    async def _finish(self) -> None:
        async with self._recording() as db:
            if not await repository.finish(db, self._row.id):
                raise VideoGoneError
            await self._tools.queue.enqueue_all(db, [ingest_job(self._row.id), hash_job(self._row.id, _REVISION)])
        log.info("file_imported", video_id=str(self._row.id), host=self._url.host, size=self._length)

    async def _wait(self, trouble: str, tries: int) -> None:
        """Before the next try; raises ImportFailedError where there were enough."""
        log.info("import_broken_off", video_id=str(self._row.id), host=self._url.host, trouble=trouble, tries=tries)
        if tries == len(PAUSES):
            sentence = f"{trouble} It was tried {tries} times and got no farther."
            raise ImportFailedError(Failure("import_broken_off", sentence))
        async with self._recording() as db:
            await self._tell(db, trouble)
        await asyncio.sleep(PAUSES[tries])

    async def _tell(self, db: Connection, trouble: str | None = None) -> None:
        if not await repository.tell(db, self._row.id, self._position, trouble):
            raise VideoGoneError
        self._told_at = time.monotonic()

    async def _reserve(self, db: Connection, size: int) -> None:
        """Of its owner's quota; so that nobody stores what does not fit."""
        quotas, owner = self._tools.quotas, self._row.owner_id
        try:
            await quotas.reserve_file(db, owner, size, lasts=False, held=self._reserved)
        except QuotaExceeded as refusal:
            raise ImportFailedError(Failure(refusal.code, refusal.detail)) from None
        if not await repository.reserve(db, self._row.id, size):
            raise VideoGoneError
        self._reserved = size

    @asynccontextmanager
    async def _recording(self) -> AsyncIterator[Connection]:
        """A transaction under the fence of the job's run, of which whoever follows the video hears."""
        async with self._tools.database.transaction() as db:
            await ensure_owned(db, self._run)
            yield db
            await announce(db, str(self._row.id))

    def _forget(self) -> None:
        """Nothing that is here is gone on with."""
        self._stored, self._validator, self._length = 0, None, None
        self._part = bytearray()

    def _lost(self) -> BrokenOffError:
        self._forget()
        return BrokenOffError("What was stored of the file is gone.")

    def _too_large(self, size: int | None) -> ImportFailedError:
        limit = readable(self._limit)
        has = "more" if size is None else readable(size)
        return ImportFailedError(Failure(FileTooLarge.code, f"The file has {has}; this server accepts {limit}."))


async def _pieces(part: bytearray) -> AsyncIterator[bytes]:
    for start in range(0, len(part), _PIECE):
        yield bytes(part[start : start + _PIECE])
