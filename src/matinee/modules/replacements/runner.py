"""The job that puts a video which can be played in the place of the one that it replaces."""

from uuid import UUID

import msgspec
import structlog

from matinee.common.database import Connection, Database
from matinee.common.jobs import GiveUpError, JobQueue, JobRun, ensure_owned
from matinee.common.notifications import announce
from matinee.common.storage.port import Storage
from matinee.media import keys
from matinee.media.model import Plan
from matinee.modules.downloads.jobs import prepare_job
from matinee.modules.downloads.rules import ORIGINAL
from matinee.modules.encoding import repository as encoding
from matinee.modules.encoding.attend import Attend
from matinee.modules.encoding.errors import ENCODING_CRASHED, PlanChangedError, VideoGoneError
from matinee.modules.encoding.jobs import (
    alternatives_jobs,
    audio_job,
    chunk_job,
    copy_jobs,
    needs_of,
    other_sound_jobs,
    poster_job,
)
from matinee.modules.encoding.repository import NewCell, WorkRow
from matinee.modules.encoding.service import read_plan
from matinee.modules.pictures.jobs import picture_jobs
from matinee.modules.pictures.objects import read_whole
from matinee.modules.replacements import repository
from matinee.modules.replacements.jobs import REPLACE
from matinee.modules.tracks.jobs import extract_job, remove_job
from matinee.modules.videos.service import removal_job

log = structlog.get_logger()


class ReplacementRunner:
    """The job's work."""

    def __init__(
        self, database: Database, storage: Storage, queue: JobQueue, attend: Attend, *, big_pixels: int = 0
    ) -> None:
        """`big_pixels`: see `needs_of`."""
        self._big_pixels = big_pixels
        self._database = database
        self._storage = storage
        self._queue = queue
        self._attend = attend

    def register(self) -> None:
        """Tells the queue how the job is run."""
        self._queue.register(REPLACE, self.take_over, on_dead=self._gave_up)

    async def take_over(self, run: JobRun, video_id: str) -> None:
        """Copies what exists of the replacement, then changes the plan by one transaction. Repeatable."""
        await self._attend(run, UUID(video_id), self._take_over)

    async def _gave_up(self, db: Connection, video_id: str) -> None:
        if await repository.fail(db, UUID(video_id), ENCODING_CRASHED):
            await announce(db, video_id)

    async def _take_over(self, run: JobRun, video_id: UUID) -> None:
        async with self._database.connection() as db:
            work = await encoding.find_work(db, video_id)
            film = await encoding.find_work(db, work.replaces) if work and work.replaces else None
        if work is None or work.plan is None or work.replaces is None or film is None or film.status != "READY":
            raise VideoGoneError
        made = read_plan(work.plan)
        # other object keys and other addresses than those of the former file: nothing of the two is ever mixed
        plan = msgspec.structs.replace(made, recipe=f"{made.recipe}-{work.source_revision}")
        cells = await self._copy(video_id, work.replaces, made, plan)
        async with self._database.transaction() as db:
            await ensure_owned(db, run)
            if not await repository.take_over(db, work.replaces, video_id, plan, revision=work.plan_revision):
                if (await encoding.find_work(db, video_id)) == work:
                    raise GiveUpError("sounds were added to the video meanwhile")
                raise PlanChangedError
            await encoding.add_renditions(db, work.replaces, plan, plan.renditions)
            completes = [await encoding.record_cell(db, work.replaces, cell) for cell in cells]
            await self._continue(db, video_id, work, plan, pictures=any(completes))
        log.info("source_replaced", video_id=str(work.replaces), revision=work.source_revision)

    async def _copy(self, video_id: UUID, film_id: UUID, made: Plan, plan: Plan) -> list[NewCell]:
        """The cells that are there by now, copied to where the video's own will be."""
        async with self._database.connection() as db:
            rows = await repository.list_made(db, video_id)
        cells = []
        for row in rows:
            kind = keys.CONTENT_TYPES["audio" if any(sound.name == row.name for sound in made.sounds) else "video"]
            init = await read_whole(self._storage, keys.init_key(video_id, made.recipe, row.name))
            await self._storage.put(keys.init_key(film_id, plan.recipe, row.name), init, kind)
            for index in row.cells:
                data = await read_whole(self._storage, keys.cell_key(video_id, made.recipe, row.name, index))
                await self._storage.put(keys.cell_key(film_id, plan.recipe, row.name, index), data, kind)
                prefix = row.keyframe_bytes[index] if index < len(row.keyframe_bytes) else None
                cells.append(NewCell(row.name, plan.recipe, index, len(data), row.init_hash, prefix or 0, 0))
        if made.copied is not None:
            data = await read_whole(self._storage, keys.copy_index_key(video_id, made.recipe, made.copied.name))
            key = keys.copy_index_key(film_id, plan.recipe, made.copied.name)
            await self._storage.put(key, data, "application/octet-stream")
        return cells

    async def _continue(self, db: Connection, video_id: UUID, work: WorkRow, plan: Plan, *, pictures: bool) -> None:
        """Has everything made that follows READY, of the video and by the new file."""
        film_id = work.replaces
        assert film_id is not None
        needs = needs_of(plan, self._big_pixels)
        jobs = [chunk_job(film_id, chunk, needs=needs) for chunk in range(plan.chunks)] if plan.video else []
        jobs += [audio_job(film_id, plan.audio.name, first=True)] if plan.audio else []
        jobs += [
            *copy_jobs(film_id, plan),
            *other_sound_jobs(film_id, plan),
            *alternatives_jobs(film_id, plan, needs),
        ]
        jobs += [poster_job(film_id)] if plan.video else []
        jobs += picture_jobs(film_id) if plan.video and pictures else []
        jobs += [extract_job(film_id)]
        jobs += [remove_job(film_id, track_id) for track_id in await repository.forget_tracks(db, film_id)]
        names = [ORIGINAL, *(rendition.name for rendition in plan.renditions)]
        offered = await repository.prepare_downloads_again(db, film_id, names)
        jobs += [prepare_job(film_id, name) for name in offered if name != ORIGINAL]
        await self._queue.enqueue_all(db, [*jobs, removal_job(video_id)])
        await announce(db, str(film_id))
        await announce(db, str(video_id))
