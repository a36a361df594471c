"""The jobs that read uploaded files as wholes, each once, when whoever waits for the video has been served."""

import asyncio
from functools import partial
from hashlib import sha256
from uuid import UUID

import structlog

from matinee.common.database import Database
from matinee.common.jobs import JobQueue, JobRun, ensure_owned
from matinee.common.notifications import announce_all
from matinee.common.storage.port import NoSuchObjectError, Storage, StorageUnavailable
from matinee.media import keys
from matinee.modules.encoding.attend import Attend
from matinee.modules.encoding.outages import outlast
from matinee.modules.integrity import repository
from matinee.modules.integrity.errors import CHECKSUM_MISMATCH
from matinee.modules.integrity.jobs import HASH, HASH_SOUND, hash_job, hash_sound_job
from matinee.modules.integrity.repository import FileRow
from matinee.modules.integrity.rules import find_firsts
from matinee.modules.replacements.jobs import replace_job

log = structlog.get_logger()

_BLOCK_BYTES = 8 * 1024**2  # in memory at a time
_AT_ONCE = 200  # files that were never read and are enqueued at a time; they are some minutes' work


class FileHashing:
    """The jobs' work."""

    def __init__(self, database: Database, storage: Storage, queue: JobQueue, attend: Attend) -> None:
        self._database = database
        self._storage = storage
        self._queue = queue
        self._attend = attend

    def register(self) -> None:
        """Tells the queue how the jobs are run."""
        self._queue.register(HASH, self.hash)
        self._queue.register(HASH_SOUND, self.hash_sound)

    async def hash(self, run: JobRun, video_id: str, revision: int) -> None:
        """Reads a file and records what it is, and what follows from that. Repeatable."""
        file = FileRow(UUID(video_id), revision)

        async def work(run: JobRun, _: UUID) -> None:
            async with self._database.connection() as db:
                known = await repository.is_hashed(db, file)
            if not known:
                await self._hash(run, file)

        await self._attend(run, file.video_id, work)

    async def hash_sound(self, run: JobRun, video_id: str, name: str) -> None:
        """The same of a sound that was added."""
        video = UUID(video_id)

        async def work(run: JobRun, video: UUID) -> None:
            found = await self._read(keys.sound_key(video, name))
            if found is not None:
                async with self._database.transaction() as db:
                    await ensure_owned(db, run)
                    await repository.record_sound(db, video, name, found[0])

        await self._attend(run, video, work)

    async def _hash(self, run: JobRun, file: FileRow) -> None:
        found = await self._read(file.key)
        if found is None:  # deleted meanwhile
            return
        async with self._database.transaction() as db:
            await ensure_owned(db, run)
            await repository.record(db, file, *found)
            failed = await repository.list_mismatched(db, file)
            await repository.fail(db, failed, file, CHECKSUM_MISMATCH)
            duplicates = find_firsts(await repository.list_same(db, file, found[0]))
            await repository.mark_duplicates(db, duplicates)
            waiting = await repository.list_ready_replacements(db, file)
            await self._queue.enqueue_all(db, [replace_job(video) for video in waiting])
            await announce_all(db, [str(video) for video in (*failed, *duplicates)])
        log.info("file_hashed", video_id=str(file.video_id), bytes=found[1], mismatched=len(failed))

    async def _read(self, key: str) -> tuple[bytes, int] | None:
        """The SHA-256 and the size of an object, in constant memory; None where there is none.

        By blocks: after an outage of the storage it goes on where it was.
        """
        digest, size = sha256(), 0
        try:
            total = await outlast(partial(self._storage.size, key), what="hash")
            while size < total:
                block = await outlast(partial(self._storage.read, key, size, _BLOCK_BYTES), what="hash")
                if not block:
                    raise StorageUnavailable("The object storage sent less than it has.")
                await asyncio.to_thread(digest.update, block)
                size += len(block)
        except NoSuchObjectError:
            return None
        return digest.digest(), size


async def hash_unhashed(database: Database, queue: JobQueue) -> None:
    """Periodic: has files read that were not, be they older than this or their jobs lost."""
    async with database.transaction() as db:
        files = await repository.list_unhashed(db, _AT_ONCE)
        sounds = await repository.list_unhashed_sounds(db, _AT_ONCE)
        jobs = [hash_job(file.video_id, file.revision, delay=0.0) for file in files]
        jobs += [hash_sound_job(sound.video_id, sound.name, delay=0.0) for sound in sounds]
        await queue.enqueue_all(db, jobs)
