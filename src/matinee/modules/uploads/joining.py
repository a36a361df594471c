"""What was received becomes the video's file: parts are joined, and so are uploads that came in fragments."""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from functools import partial
from uuid import UUID, uuid4

import msgspec
import structlog

from matinee.common.database import Connection, Database
from matinee.common.http.authentication import Caller
from matinee.common.jobs import JobQueue, JobRun
from matinee.common.storage.port import Storage, StorageUnavailable
from matinee.media import keys
from matinee.modules.encoding.outages import outlast
from matinee.modules.teams.rules import EDITORS, acting_for
from matinee.modules.uploads import reception_repository as repository
from matinee.modules.uploads.errors import (
    EtagMismatch,
    FragmentsUnfinished,
    OffsetMismatch,
    PartsMissing,
    SizeMismatch,
    UploadFinished,
    UploadGone,
)
from matinee.modules.uploads.jobs import join_job
from matinee.modules.uploads.repository import UploadRow
from matinee.modules.uploads.rules import MIB, Span, count_intact, spans
from matinee.modules.uploads.schemas import ClaimedPart, CompleteUpload, NewUpload, UploadStarted
from matinee.modules.uploads.service import UploadService
from matinee.modules.videos.errors import VideoNotFound

log = structlog.get_logger()

_READ = MIB  # bytes of a fragment in memory
_AT_ONCE = 500  # uploads whose jobs were given up and are enqueued at a time


class Joining:
    """Ends uploads that came through the server."""

    def __init__(self, database: Database, storage: Storage, queue: JobQueue, uploads: UploadService) -> None:
        self._database = database
        self._storage = storage
        self._queue = queue
        self._uploads = uploads

    async def concatenate(
        self, db: Connection, caller: Caller, fragments: Sequence[UUID], metadata: str | None, new: NewUpload
    ) -> UploadStarted:
        """Announces a video whose file is that of finished fragments, and has them joined.

        `new.filesize` is found out. Raises FragmentsUnfinished, FileTooLarge, QuotaExceeded, TeamNotFound and
        TeamRoleNeeded.
        """
        owner_id, video_id = acting_for(caller, new.owner, EDITORS), uuid4()
        claimed = await repository.claim_fragments(db, owner_id, list(fragments), video_id)
        if len(claimed) < len(fragments):
            raise FragmentsUnfinished
        new = msgspec.structs.replace(new, filesize=sum(fragment.filesize for fragment in claimed))
        started = await self._uploads.init(db, caller, new, video_id=video_id)
        await repository.insert_reception(db, video_id, metadata, list(fragments))
        await self._queue.enqueue(db, join_job(video_id, now=True))
        return started

    async def finish(self, upload: UploadRow) -> None:
        """Joins what was received and starts the encoding; a job does so where the storage cannot now."""
        try:
            await self._join(upload)
            await self._uploads.start_encoding(upload)
        except StorageUnavailable as error:
            log.warning("upload_joined_later", video_id=str(upload.id), error=error.detail)

    async def join(self, run: JobRun, video_id: str) -> None:
        """Job: the same, of fragments too, through outages; then removes what is left over. Repeatable.

        Where it is not stored as it was received, its video fails: nobody may be there any more to send it again.
        """
        with suppress(VideoNotFound):
            try:
                await outlast(partial(self._join_all, run, UUID(video_id)), what="join")
            except (UploadGone, OffsetMismatch):
                await self._uploads.give_up(UUID(video_id))

    async def resume(self) -> None:
        """Periodic: has joined what was received and is not joined, for its job was given up or is lost."""
        async with self._database.transaction() as db:
            unjoined = await repository.list_unjoined(db, _AT_ONCE)
            await self._queue.enqueue_all(db, [join_job(video_id, now=True) for video_id in unjoined])

    async def _join_all(self, run: JobRun, video_id: UUID) -> None:
        upload = await self._uploads.load(video_id)
        if upload.is_open:
            async with self._database.connection() as db:
                reception = await repository.find_reception(db, video_id)
            if reception.fragments:
                await self._fill(run, upload, reception.fragments)
            elif reception.received < upload.filesize:  # it fell back, and somebody sends the rest again
                return
            await self._join(await self._uploads.load(video_id))
            await self._uploads.start_encoding(upload)
        await self._storage.delete_prefix(keys.piece_prefix(video_id))

    async def _join(self, upload: UploadRow) -> None:
        if upload.status != "UPLOADING":
            return
        async with self._database.connection() as db:
            etags = await repository.list_etags(db, upload.id)
        claim = CompleteUpload(parts=[ClaimedPart(number, etag) for number, etag in enumerate(etags, 1)])
        try:
            await self._uploads.join(upload, claim)
        except (PartsMissing, SizeMismatch, EtagMismatch):
            await self._fall_back(upload, etags)

    async def _fall_back(self, upload: UploadRow, etags: list[str]) -> None:
        """Forgets what is not stored as it was recorded, and raises OffsetMismatch.

        Of two requests that stored a part, the one that was overtaken came last: its bytes lie there now.
        """
        with suppress(UploadFinished):  # joined by another run meanwhile
            kept = count_intact(etags, await self._uploads.list_parts(upload))
            if kept == len(etags):
                raise StorageUnavailable("The storage lists the parts of an upload otherwise than a moment ago.")
            received = kept * upload.part_size
            async with self._database.connection() as db:
                await repository.fall_back(db, upload.id, kept, received)
            log.warning("reception_fell_back", video_id=str(upload.id), received=received)
            raise OffsetMismatch(f"{received} bytes are stored as they were sent; go on from there.")

    async def _fill(self, run: JobRun, upload: UploadRow, fragment_ids: Sequence[UUID]) -> None:
        """Stores the parts of a file that consists of fragments."""
        fragments = [await self._uploads.load(fragment) for fragment in fragment_ids]
        for fragment in fragments:
            await self._join(fragment)
        if upload.status == "INITIATED":
            upload = await self._uploads.begin(upload)
        assert upload.upload_id is not None
        plan, sizes = upload.plan, [fragment.filesize for fragment in fragments]
        try:
            stored = {part.part_number for part in await self._uploads.list_parts(upload)}
        except UploadFinished:  # by a run before this one
            return
        for number in range(1, plan.count + 1):
            if number in stored:  # by a run before this one
                continue
            size = plan.size(number)
            wanted = spans(sizes, (number - 1) * plan.part_size, size)
            if len(wanted) == 1:
                source, start = fragments[wanted[0].file].key, wanted[0].start
                await self._storage.copy_part(upload.key, upload.upload_id, number, source, start, size)
            else:
                data = self._read(fragments, wanted)
                await self._storage.put_part(upload.key, upload.upload_id, number, size, data)
            async with self._database.transaction() as db:
                await self._queue.progressed(db, run)

    async def _read(self, fragments: list[UploadRow], wanted: list[Span]) -> AsyncIterator[bytes]:
        for span in wanted:
            for start in range(span.start, span.start + span.size, _READ):
                length = min(_READ, span.start + span.size - start)
                yield await self._storage.read(fragments[span.file].key, start, length)


async def chained(storage: Storage, names: list[str], rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The content of some objects, and then the rest."""
    for name in names:
        async for chunk in storage.stream(name):
            yield chunk
    async for chunk in rest:
        yield chunk
