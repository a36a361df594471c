"""Decisions about replacements."""

from uuid import UUID

import structlog

from matinee.common.database import Connection, Database
from matinee.common.http.authentication import Caller
from matinee.common.jobs import JobQueue, JobRun, ensure_owned
from matinee.common.storage.port import Storage
from matinee.media import keys
from matinee.modules.replacements import repository
from matinee.modules.replacements.errors import SoundsAdded
from matinee.modules.replacements.jobs import forget_job
from matinee.modules.replacements.schemas import NewSource
from matinee.modules.uploads.schemas import UploadStarted
from matinee.modules.uploads.service import UploadService
from matinee.modules.videos.errors import VideoNotFound, VideoNotPlayable
from matinee.modules.videos.rules import may_change
from matinee.modules.videos.service import VideoService

log = structlog.get_logger()


class ReplacementService:
    """Other files for videos."""

    def __init__(
        self, database: Database, storage: Storage, queue: JobQueue, videos: VideoService, uploads: UploadService
    ) -> None:
        self._database = database
        self._storage = storage
        self._queue = queue
        self._videos = videos
        self._uploads = uploads

    async def begin(self, db: Connection, caller: Caller, film_id: UUID, new: NewSource) -> UploadStarted:
        """Announces another file for a video; one that was announced before and is not in place is given up.

        Raises VideoNotPlayable where the video is not READY, SoundsAdded, and FileTooLarge.
        """
        film = await repository.find_film(db, film_id)
        if film is None or not may_change(caller, film.owner_id):
            raise VideoNotFound
        if film.status != "READY" or film.replaces:
            raise VideoNotPlayable
        if film.has_added_sounds:
            raise SoundsAdded
        plan = self._uploads.plan(new.filesize)
        await self._videos.give_up_replacements(db, film_id)
        video_id = await repository.insert_replacement(db, film_id, new, plan.part_size)
        return UploadStarted(video=await self._videos.get(db, caller, video_id), upload=self._uploads.describe(plan))

    async def forget_ended(self) -> None:
        """Periodic: has removed what was replaced a while ago."""
        async with self._database.transaction() as db:
            ended = await repository.list_ended(db)
            await self._queue.enqueue_all(db, [forget_job(row.video_id, row.recipe) for row in ended])

    async def forget(self, run: JobRun, video_id: str, recipe: str) -> None:
        """Job: removes what was made of a file that was replaced, and the file. Repeatable."""
        video = UUID(video_id)
        async with self._database.connection() as db:
            former = await repository.find_former(db, video, recipe)
        if former is None:
            return
        for prefix in keys.former_prefixes(video, recipe, former.source_revision):
            await self._storage.delete_prefix(prefix)
        if former.owns_source:
            await self._storage.delete(keys.source_key(video, former.source_revision))
        async with self._database.transaction() as db:
            await ensure_owned(db, run)
            await repository.end_former(db, video, recipe)
        log.info("former_media_removed", video_id=video_id, recipe=recipe)
