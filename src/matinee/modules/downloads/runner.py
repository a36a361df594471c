"""The job of a download: what is missing of its renditions is made, then the file is laid out over their cells."""

import asyncio
from uuid import UUID

import msgspec

from matinee.common.database import Connection, Database
from matinee.common.jobs import JobQueue, JobRun, ensure_owned
from matinee.common.notifications import announce
from matinee.common.storage.port import NoSuchObjectError, Storage
from matinee.media import keys
from matinee.media.model import Plan
from matinee.media.progressive import Track, lay_out
from matinee.modules.downloads import repository
from matinee.modules.downloads.jobs import PREPARE, prepare_job
from matinee.modules.downloads.rules import parts_of
from matinee.modules.encoding import repository as encoding
from matinee.modules.encoding.errors import OtherWorkerError
from matinee.modules.encoding.runners import EncodingRunners
from matinee.modules.encoding.service import read_plan
from matinee.modules.integrity.stored import store
from matinee.modules.pictures.objects import read_whole

_HEAD_BYTES = 16 * 1024  # a cell's description takes 16 bytes a frame, and a cell at most 270 frames
_EVICTION_PAUSE = 1.0
_FAILURE = "Some of the video could not be made."
_READS_AT_ONCE = 8  # more would take connections from the encodes

encode_layout = msgspec.msgpack.Encoder().encode


class PartGoneError(Exception):
    """A part of the file was evicted while it was laid out; the next attempt makes it again."""


class DownloadRunner:
    """The job's work."""

    def __init__(self, database: Database, storage: Storage, queue: JobQueue, encoding: EncodingRunners) -> None:
        self._database = database
        self._storage = storage
        self._queue = queue
        self._encoding = encoding

    def register(self) -> None:
        """Tells the queue how the job is run."""
        self._queue.register(PREPARE, self.prepare, on_dead=self._gave_up)

    async def prepare(self, run: JobRun, video_id: str, name: str) -> None:
        """Leaves where nobody waits for the file; may run twice or be killed at any moment."""

        async def work(run: JobRun, video: UUID) -> None:
            while True:
                async with self._database.connection() as db:
                    if not await repository.is_waited_for(db, video, name):
                        return
                    if not await repository.is_evicting(db, video, name):
                        break
                await asyncio.sleep(_EVICTION_PAUSE)
            plan = await self._encoding.complete(run, video, name)
            await self._lay_out(run, video, plan, name)

        try:
            await self._encoding.attend(run, UUID(video_id), work)
        except OtherWorkerError as error:
            async with self._database.transaction() as db:
                await self._queue.enqueue(db, prepare_job(UUID(video_id), name, needs=error.needs))
            return
        async with self._database.transaction() as db:  # a fault of the source ends the work, and is the video's
            await self._gave_up(db, video_id, name)

    async def _gave_up(self, db: Connection, video_id: str, name: str) -> None:
        if await repository.fail(db, UUID(video_id), name, _FAILURE):
            await announce(db, video_id)

    async def _lay_out(self, run: JobRun, video_id: UUID, plan: Plan, name: str) -> None:
        parts = parts_of(plan, name)
        try:
            layout = lay_out([await self._track(video_id, plan, part) for part in parts])
        except NoSuchObjectError as error:
            raise PartGoneError(name) from error
        key = keys.layout_key(video_id, plan.recipe, name)
        await store(self._storage, self._database, key, encode_layout(layout), "application/octet-stream")
        async with self._database.transaction() as db:
            await ensure_owned(db, run)
            row = await encoding.lock_plan(db, video_id)  # another sound may have become the first
            now = read_plan(row.plan) if row else None
            marked = (
                now is not None
                and any(rendition.name == name for rendition in now.renditions)
                and parts_of(now, name) == parts
                and await repository.mark_ready(db, video_id, name, recipe=plan.recipe, parts=parts, size=layout.size)
            )
            if not marked:
                if await repository.is_waited_for(db, video_id, name):
                    raise PartGoneError(name)
                return
            await announce(db, str(video_id))

    async def _track(self, video_id: UUID, plan: Plan, rendition: str) -> Track:
        """What the cells of a rendition tell of their frames, by their first bytes alone."""
        track = Track(rendition, await read_whole(self._storage, keys.init_key(video_id, plan.recipe, rendition)))
        count = plan.cells_of(rendition)
        for start in range(0, count, _READS_AT_ONCE):
            cells = range(start, min(start + _READS_AT_ONCE, count))
            wanted = (keys.cell_key(video_id, plan.recipe, rendition, cell) for cell in cells)
            for head in await asyncio.gather(*(self._storage.read(key, 0, _HEAD_BYTES) for key in wanted)):
                track.add(head)
        return track
