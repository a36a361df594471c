"""Decisions about replacements."""

from uuid import UUID

import structlog

from matinee.common.database import Connection, Database
from matinee.common.http.authentication import Caller
from matinee.common.http.viewer import Viewer
from matinee.common.jobs import JobQueue, JobRun, ensure_owned
from matinee.common.storage.port import Storage
from matinee.media import keys
from matinee.media.clips import trim
from matinee.media.model import Plan
from matinee.media.watermark import marked
from matinee.modules.clips.rules import faults_of, frames_between
from matinee.modules.encoding.jobs import ingest_job
from matinee.modules.encoding.service import EncodingService, read_plan
from matinee.modules.integrity import repository as integrity
from matinee.modules.quotas.service import QuotaService
from matinee.modules.replacements import repository
from matinee.modules.replacements.errors import ClipHasNoFile, InvalidTrim, NotTrimmed, ReplacementAwaited
from matinee.modules.replacements.jobs import forget_job
from matinee.modules.replacements.repository import FilmRow, PendingRow
from matinee.modules.replacements.rules import wanted_watermark
from matinee.modules.replacements.schemas import NewSource, Trim
from matinee.modules.uploads.schemas import UploadStarted
from matinee.modules.uploads.service import UploadService
from matinee.modules.videos.access import may_change
from matinee.modules.videos.errors import VideoNotFound, VideoNotPlayable
from matinee.modules.videos.schemas import Video
from matinee.modules.videos.service import VideoService

log = structlog.get_logger()


class ReplacementService:
    """What takes the place of what videos show: another file, or another part or picture of the same."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        queue: JobQueue,
        videos: VideoService,
        uploads: UploadService,
        quotas: QuotaService,
        encoding: EncodingService,
    ) -> None:
        self._database = database
        self._storage = storage
        self._queue = queue
        self._videos = videos
        self._uploads = uploads
        self._quotas = quotas
        self._encoding = encoding

    async def begin(self, db: Connection, caller: Caller, film_id: UUID, new: NewSource) -> UploadStarted:
        """Announces another file for a video; one that was announced before and is not in place is given up.

        Raises VideoNotPlayable where the video is not READY, FileTooLarge, and QuotaExceeded: both files are kept
        until the new one plays.
        """
        film, _ = await _held(db, caller, film_id)
        plan = self._uploads.plan(new.filesize)
        await self._videos.give_up_replacements(db, film_id)
        await self._quotas.reserve_file(db, film.owner_id, new.filesize, lasts=False)
        video_id = await repository.insert_replacement(db, film_id, new, plan.part_size)
        video = await self._videos.get(db, Viewer(caller), video_id)
        return UploadStarted(video=video, upload=self._uploads.describe(video_id, plan))

    async def trim(self, db: Connection, caller: Caller, film_id: UUID, span: Trim) -> Video:
        """Has nothing shown of a video but a part. Raises VideoNotPlayable, ReplacementAwaited and InvalidTrim."""
        film, shown = await _held(db, caller, film_id)
        if faults := faults_of(shown.grid, span.start, span.end):
            raise InvalidTrim.of(faults)
        await _free(db, film_id)
        frames = frames_between(shown.grid, span.start, span.end)
        trimmed = shown if frames == range(shown.grid.frames) else trim(shown, frames)
        await self._remake(db, film_id, shown, marked(trimmed, wanted_watermark(film.watermark, shown)))
        return await self._videos.get(db, Viewer(caller), film_id)

    async def untrim(self, db: Connection, caller: Caller, film_id: UUID) -> Video:
        """Has all of a video's file shown again. Raises NotTrimmed, and ClipHasNoFile for a clip."""
        film, shown = await _held(db, caller, film_id)
        pending = await _free(db, film_id)
        if film.is_clip:
            raise ClipHasNoFile
        if not shown.trimmed:
            if pending is None or pending.plan is None or not read_plan(pending.plan).trimmed:
                raise NotTrimmed
            # it was about to be
            await self._remake(db, film_id, shown, marked(shown, wanted_watermark(film.watermark, shown)))
        else:
            await self._videos.give_up_replacements(db, film_id)
            video_id = await repository.insert_remake(db, film_id, None)
            await self._queue.enqueue(db, ingest_job(video_id))
        return await self._videos.get(db, Viewer(caller), film_id)

    async def remark(self, db: Connection, caller: Caller, film_id: UUID) -> None:
        """Has a video shown with the watermark that is chosen for it. Raises VideoNotPlayable, ReplacementAwaited."""
        film, shown = await _held(db, caller, film_id)
        pending = await _free(db, film_id)
        if pending is not None and not pending.is_derived:  # all of its file is about to be shown
            await self._videos.give_up_replacements(db, film_id)
            await self._queue.enqueue(db, ingest_job(await repository.insert_remake(db, film_id, None)))
            return
        base = shown if pending is None or pending.plan is None else read_plan(pending.plan)
        await self._remake(db, film_id, shown, marked(base, wanted_watermark(film.watermark, shown)))

    async def _remake(self, db: Connection, film_id: UUID, shown: Plan, plan: Plan) -> None:
        """Has the video made by a plan that is derived from what is shown; nothing where it is that."""
        await self._videos.give_up_replacements(db, film_id)
        if plan != shown:
            await self._encoding.begin(db, await repository.insert_remake(db, film_id, plan), plan)

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
        for prefix in keys.former_prefixes(video, recipe, former.edition):
            await self._storage.delete_prefix(prefix)
        if former.owns_source:
            await self._storage.delete(keys.source_key(video, former.source_revision))
        async with self._database.transaction() as db:
            await ensure_owned(db, run)
            if former.owns_source:
                await integrity.forget(db, video, former.source_revision)
            await repository.end_former(db, video, recipe)
        log.info("former_media_removed", video_id=video_id, recipe=recipe)


async def _held(db: Connection, caller: Caller, film_id: UUID) -> tuple[FilmRow, Plan]:
    """A video of the caller that can be played, and its plan; it stays as it is until the transaction ends."""
    film = await repository.find_film(db, film_id)
    if film is None or not may_change(caller, film.owner_id):
        raise VideoNotFound
    if film.status != "READY" or film.replaces or film.plan is None:
        raise VideoNotPlayable
    return film, read_plan(film.plan)


async def _free(db: Connection, film_id: UUID) -> PendingRow | None:
    """What is about to take the video's place, made from its own file. Raises ReplacementAwaited for another file."""
    pending = await repository.find_pending(db, film_id)
    if pending is None or pending.status == "FAILED":
        return None
    if not pending.is_same_file:
        raise ReplacementAwaited
    return pending
