"""HTTP in and out of what was watched."""

from matinee.common.database import Connection
from matinee.common.http.call import Call
from matinee.common.http.contract import Access, operation
from matinee.common.http.pagination import InvalidCursor, PageQuery
from matinee.common.http.rate_limits import RateLimit
from matinee.modules.history import repository
from matinee.modules.history.schemas import HistoryChange, HistoryPage, HistorySettings, NewPosition, Position
from matinee.modules.history.service import HistoryService
from matinee.modules.videos.errors import UNSEEN
from matinee.modules.videos.schemas import VideoId

TAG = "history"
HISTORY = "/api/v1/user/history"
POSITION = "/api/v1/videos/{video_id}/position"
SAVING = RateLimit("position", 600, 600, by="user")  # ten players at once


class HistoryRoutes:
    """Operations on what the signed-in user has watched."""

    def __init__(self, history: HistoryService) -> None:
        self._history = history

    @operation("GET", POSITION, tag=TAG, access=Access.PERSON, errors=UNSEEN)
    async def get_position(self, call: Call, db: Connection, video_id: VideoId) -> Position:
        """Where a video goes on for the signed-in user."""
        return await self._history.position(db, call.user, video_id)

    @operation("PUT", POSITION, tag=TAG, access=Access.PERSON, errors=UNSEEN, limit=SAVING, writes_once=True)
    async def save_position(self, call: Call, db: Connection, video_id: VideoId, body: NewPosition) -> None:
        """Tell where the signed-in user is in a video.

        Players do every ten seconds, and when they are left. Nothing is noted while the history is paused.
        """
        await self._history.save(db, call.user, video_id, body.position)

    @operation("GET", HISTORY, tag=TAG, access=Access.PERSON, errors=(InvalidCursor,))
    async def list_history(self, call: Call, db: Connection, query: PageQuery) -> HistoryPage:
        """What the signed-in user has watched, the latest first."""
        return await self._history.page(db, call.user, query)

    @operation("PATCH", HISTORY, tag=TAG, access=Access.PERSON)
    async def change_history(self, call: Call, db: Connection, body: HistoryChange) -> HistorySettings:
        """Pause the history, or go on with it.

        Fields left out stay as they are. What was noted before stays.
        """
        return await self._history.change(db, call.user, body)

    @operation("DELETE", HISTORY, tag=TAG, access=Access.PERSON, writes_once=True)
    async def clear_history(self, call: Call, db: Connection) -> None:
        """Forget everything that the signed-in user has watched."""
        await repository.clear_history(db, call.user.user_id)

    @operation("DELETE", f"{HISTORY}/{{video_id}}", tag=TAG, access=Access.PERSON, writes_once=True)
    async def forget_watched(self, call: Call, db: Connection, video_id: VideoId) -> None:
        """Forget that the signed-in user has watched a video; harmless where he has not."""
        await repository.forget_watched(db, call.user.user_id, video_id)
