"""Decisions about what was watched: it is told to the account alone, of what it may still see."""

from uuid import UUID

from msgspec import UNSET

from matinee.common.database import Connection
from matinee.common.http.authentication import Caller
from matinee.common.http.pagination import Cursor, PageQuery, decode_cursor, page_of
from matinee.common.http.viewer import Viewer
from matinee.modules.history import repository
from matinee.modules.history.rules import resumes_at
from matinee.modules.history.schemas import HistoryChange, HistoryPage, HistorySettings, Position, WatchedVideo
from matinee.modules.videos.service import VideoService


class HistoryService:
    """An account's history."""

    def __init__(self, videos: VideoService) -> None:
        self._videos = videos

    async def save(self, db: Connection, caller: Caller, video_id: UUID, position: float) -> None:
        """Notes where the caller is, unless he wants nothing noted."""
        await self._videos.seen(db, Viewer(caller), video_id)
        await repository.save_position(db, caller.user_id, video_id, position)

    async def position(self, db: Connection, caller: Caller, video_id: UUID) -> Position:
        """Where the video goes on for the caller."""
        video = await self._videos.seen(db, Viewer(caller), video_id)
        position = await repository.find_position(db, caller.user_id, video_id)
        return Position(position=resumes_at(position, video.duration))

    async def page(self, db: Connection, caller: Caller, query: PageQuery) -> HistoryPage:
        """What the caller has watched, the latest first."""
        rows = await repository.list_watched(db, caller.user_id, query.limit, decode_cursor(query.cursor))
        shown, cursor = page_of(rows, query.limit, lambda row: Cursor(row.watched_at, row.video_id))
        videos = await self._videos.summaries(db, Viewer(caller), [row.video_id for row in shown])
        return HistoryPage(
            items=[
                WatchedVideo(video=videos[row.video_id], position=row.position, watched_at=row.watched_at)
                for row in shown
                if row.video_id in videos
            ],
            next_cursor=cursor,
            paused=await repository.is_paused(db, caller.user_id),
        )

    async def forget_some_of(self, db: Connection, user_id: UUID, most: int) -> int:
        """Forgets so much of what an account has watched that is to go; returns how much."""
        return await repository.forget_some(db, user_id, most)

    async def change(self, db: Connection, caller: Caller, change: HistoryChange) -> HistorySettings:
        """Has nothing noted from now on, or everything; what was noted stays."""
        if change.paused is not UNSET:
            await repository.pause_history(db, caller.user_id, paused=change.paused)
        return HistorySettings(paused=await repository.is_paused(db, caller.user_id))
