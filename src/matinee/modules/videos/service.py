"""Decisions about videos: who sees which, what may be changed, how one is deleted for good."""

from collections.abc import Sequence
from uuid import UUID

import structlog
from msgspec import UNSET

from matinee.common.database import Connection, Database
from matinee.common.http.authentication import Caller
from matinee.common.http.pagination import PageQuery, creation, decode_cursor, page_of
from matinee.common.http.viewer import ANYBODY, Viewer
from matinee.common.jobs import JobQueue, JobRun, NewJob, ensure_owned
from matinee.common.notifications import announce, announce_all
from matinee.common.storage.port import Storage
from matinee.media import keys
from matinee.modules import audit
from matinee.modules.encoding.service import EncodingService
from matinee.modules.integrity import repository as integrity
from matinee.modules.teams.rules import MEMBERS, acting_for
from matinee.modules.videos import repository
from matinee.modules.videos.access import may_change, may_see, seen
from matinee.modules.videos.errors import FragmentInUse, VideoNotFound
from matinee.modules.videos.repository import VideoRow
from matinee.modules.videos.schemas import MineQuery, Video, VideoChange, VideoPage, VideoSummary
from matinee.modules.videos.views import detail, summarise

log = structlog.get_logger()

DELETE_JOB = "videos.delete_objects"


class VideoService:
    """Videos as people see and change them."""

    def __init__(self, database: Database, storage: Storage, queue: JobQueue, encoding: EncodingService) -> None:
        self._database = database
        self._storage = storage
        self._queue = queue
        self._encoding = encoding

    async def get(self, db: Connection, viewer: Viewer, video_id: UUID) -> Video:
        """A video; raises VideoNotFound or PasswordRequired for one that the viewer may not see."""
        row = seen(viewer, video_id, await repository.find_detail(db, video_id))
        is_told = row.status in ("PROCESSING", "READY") and not (viewer.grant and viewer.grant.is_partial)
        encoding = await self._encoding.describe(db, row.id, row.stored) if is_told else None
        return detail(row, viewer, encoding, row.duplicate_of, row.fetched)

    async def owned(self, db: Connection, caller: Caller, video_id: UUID) -> VideoRow:
        """A video that the caller may change; raises VideoNotFound for any other."""
        row = await repository.find_video(db, video_id)
        if row is None or not may_change(caller, row.owner_id):
            raise VideoNotFound
        return row

    async def seen(self, db: Connection, viewer: Viewer, video_id: UUID) -> VideoRow:
        """A video that the viewer may see; raises VideoNotFound or PasswordRequired for any other."""
        return seen(viewer, video_id, await repository.find_video(db, video_id))

    async def summaries(self, db: Connection, viewer: Viewer, video_ids: Sequence[UUID]) -> dict[UUID, VideoSummary]:
        """Those of the videos that the viewer may see, by id."""
        rows = await repository.find_videos(db, video_ids)
        return {row.id: summarise(row, viewer) for row in rows if may_see(viewer, row.id, row)}

    async def list_public(self, db: Connection, query: PageQuery) -> VideoPage:
        """Public videos, newest first."""
        rows = await repository.list_public(db, query.limit, decode_cursor(query.cursor))
        return _page(rows, ANYBODY, query.limit)

    async def list_mine(self, db: Connection, caller: Caller, query: MineQuery) -> VideoPage:
        """The caller's own videos, or those of a team of his, newest first. Raises TeamNotFound."""
        owner_id, after = acting_for(caller, query.owner or None, MEMBERS), decode_cursor(query.cursor)
        rows = await repository.list_owned(db, owner_id, query.status or None, query.limit, after)
        return _page(rows, Viewer(caller), query.limit)

    async def change(self, db: Connection, caller: Caller, video_id: UUID, change: VideoChange) -> Video:
        """Changes what is said of a video."""
        former = await self.owned(db, caller, video_id)
        if not await repository.change_video(db, video_id, change):
            raise VideoNotFound
        if change.visibility not in (UNSET, former.visibility):
            await audit.record(
                db,
                "video.visibility_changed",
                video_id,
                account=former.owner_id,
                former=former.visibility,
                visibility=change.visibility,
            )
        await announce(db, str(video_id))
        return await self.get(db, Viewer(caller), video_id)

    async def delete(self, db: Connection, caller: Caller, video_id: UUID) -> None:
        """Makes the video invisible now; a job removes everything that is stored of it.

        Raises FragmentInUse for a fragment that is being joined.
        """
        video = await self.owned(db, caller, video_id)
        if not await repository.mark_deleted(db, video_id):
            raise FragmentInUse if await repository.is_claimed(db, video_id) else VideoNotFound
        await audit.record(db, "video.deleted", video_id, account=video.owner_id)
        await self.drop_fragments(db, [video_id])
        await self.enqueue_removals(db, [video_id])
        await self.give_up_replacements(db, video_id)
        await announce(db, str(video_id))

    async def delete_some_of(self, db: Connection, owner_id: UUID, most: int) -> int:
        """Deletes so many videos of an account, unfinished ones among them; returns how many."""
        deleted = await repository.mark_some_deleted(db, owner_id, most)
        await self.enqueue_removals(db, deleted)
        await announce_all(db, [str(video_id) for video_id in deleted])
        return len(deleted)

    async def give_up_replacements(self, db: Connection, video_id: UUID) -> None:
        """Deletes what was to take the video's place and has not."""
        replacements = await repository.mark_replacements_deleted(db, video_id)
        await self.enqueue_removals(db, replacements)
        await announce_all(db, [str(replacement) for replacement in replacements])

    async def is_claimed(self, db: Connection, video_id: UUID) -> bool:
        """Whether it is a fragment of an upload that is being joined."""
        return await repository.is_claimed(db, video_id)

    async def drop_fragments(self, db: Connection, video_ids: Sequence[UUID]) -> None:
        """Deletes what these are joined of, or were to be."""
        await self.enqueue_removals(db, await repository.drop_fragments(db, video_ids))

    async def delete_objects(self, run: JobRun, video_id: str) -> None:
        """Job: removes a deleted video's objects and unfinished uploads, then its row. Repeatable.

        The row outlives the first run, so that a second one removes what was stored behind the first. The file that
        clips are made from stays, and the row with it, until the last of them is gone.
        """
        deleted = UUID(video_id)
        async with self._database.connection() as db:
            # once nobody needs it, nobody will: clips are made of videos that are not deleted, or have clips
            needed = await repository.is_source_needed(db, deleted)
            file = await repository.find_unused_file(db, deleted)
            sounds = await repository.list_sound_uploads(db, deleted)
        # uploads first: one that is completed meanwhile becomes an object, which is found behind it
        await self._storage.abort_uploads(keys.source_key(deleted))
        for name in sounds:
            await self._storage.abort_uploads(keys.sound_key(deleted, name))
        if file is not None:
            key = keys.source_key(file.video_id, file.revision)
            await self._storage.abort_uploads(key)
            await self._storage.delete(key)
        kept = keys.source_prefix(deleted) if needed else None
        removed = await self._storage.delete_prefix(keys.video_prefix(deleted), keep=kept)
        async with self._database.transaction() as db:
            await ensure_owned(db, run)
            if file is not None:
                await integrity.forget(db, file.video_id, file.revision)
            await repository.remove_video(db, deleted)
        log.info("video_objects_removed", video_id=video_id, objects=removed)

    async def abandon(self, *, upload_hours: int, failed_days: int) -> None:
        """Periodic: deletes uploads that nobody finished and failures past their time."""
        async with self._database.transaction() as db:
            abandoned = await repository.abandon_videos(db, upload_hours=upload_hours, failed_days=failed_days)
            await self.drop_fragments(db, abandoned)
            await self.enqueue_removals(db, abandoned)
            await announce_all(db, [str(video_id) for video_id in abandoned])

    async def resume_deletes(self) -> None:
        """Periodic: removes again what is stored of videos deleted a while ago, until their rows are gone."""
        async with self._database.transaction() as db:
            await self.enqueue_removals(db, await repository.deleted_videos(db))

    async def enqueue_removals(self, db: Connection, video_ids: Sequence[UUID]) -> None:
        """Has everything removed that is stored of videos marked as deleted."""
        await self._queue.enqueue_all(db, [removal_job(video_id) for video_id in video_ids])


def removal_job(video_id: UUID) -> NewJob:
    """Removes everything that is stored of a video marked as deleted."""
    args = {"video_id": str(video_id)}
    return NewJob(name=DELETE_JOB, lane="upkeep", args=args, unique=f"delete:{video_id}")


def _page(rows: list[VideoRow], viewer: Viewer, limit: int) -> VideoPage:
    """`rows` holds one more than the page where another page follows."""
    shown, cursor = page_of(rows, limit, creation)
    return VideoPage(items=[summarise(row, viewer) for row in shown], next_cursor=cursor)
