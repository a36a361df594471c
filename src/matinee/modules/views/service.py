"""Decisions about views: what counts, and how long it is known who has watched."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from matinee.common.clock import Clock
from matinee.common.database import Connection, Database
from matinee.common.http.viewer import Viewer
from matinee.common.keys.ring import Keys
from matinee.modules.videos.errors import VideoNotPlayable
from matinee.modules.videos.service import VideoService
from matinee.modules.views import repository
from matinee.modules.views.counter import ViewCounter
from matinee.modules.views.repository import View
from matinee.modules.views.rules import is_program, is_view, viewer_key

_DAYS_AHEAD = 7  # of partitions: so long may no worker run


class ViewService:
    """Views of those who may see the video, by account or by token."""

    def __init__(
        self, database: Database, videos: VideoService, counter: ViewCounter, *, keys: Keys, days: int, clock: Clock
    ) -> None:
        self._database = database
        self._videos = videos
        self._counter = counter
        self._viewers = keys.digests(b"matinee viewers")
        self._days = days
        self._clock = clock

    async def note(
        self, db: Connection, viewer: Viewer, video_id: UUID, seconds: float, address: str, agent: str | None
    ) -> None:
        """Counts the viewer, once a day, if he has seen enough. Raises VideoNotPlayable."""
        video = await self._videos.seen(db, viewer, video_id)
        if video.status != "READY":
            raise VideoNotPlayable
        if agent is None or is_program(agent) or not is_view(seconds, video.duration):
            return
        day = datetime.fromtimestamp(self._clock(), UTC).date()
        account = viewer.caller.user_id if viewer.caller else None
        self._counter.note(View(day, video_id, viewer_key(self._viewers, day, account, address, agent)))

    async def keep_partitions(self) -> None:
        """Periodic: makes the partitions of the days ahead and drops those past their time."""
        today = datetime.fromtimestamp(self._clock(), UTC).date()
        oldest = today - timedelta(days=self._days)
        async with self._database.connection() as db:
            there = await repository.list_partitions(db)
            for ahead in range(1, _DAYS_AHEAD + 1):  # from tomorrow on: of today there may be rows elsewhere
                if repository.partition_of(day := today + timedelta(days=ahead)) not in there:
                    await repository.make_partition(db, day)
            for name in there:
                if name < repository.partition_of(oldest):
                    await repository.drop_partition(db, name)
            await repository.forget_others(db, oldest)
