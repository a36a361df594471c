"""A video's life as server-sent events: one event at once, then one at each change."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import msgspec

from matinee.common.clock import Clock, system_clock
from matinee.common.database import Database
from matinee.common.http.authentication import Standing
from matinee.common.http.viewer import Viewer
from matinee.common.notifications import Notifications
from matinee.modules.encoding.schemas import SETTLED
from matinee.modules.videos.errors import PasswordRequired, VideoNotFound
from matinee.modules.videos.schemas import Video
from matinee.modules.videos.service import VideoService

KEEP_ALIVE_SECONDS = 15.0  # a comment line, so that proxies keep the connection and a vanished client is noticed
_SHORTEST_PAUSE = 0.25  # seconds between two events: a burst of stored cells is one piece of news
_LONGEST_STREAM = 600.0  # seconds; the client reconnects by itself, and whoever it is is asked again


class VideoEvents:
    """Streams a video's changes; holds no database connection while nothing changes."""

    def __init__(
        self,
        database: Database,
        videos: VideoService,
        notifications: Notifications,
        standing: Standing,
        *,
        clock: Clock = system_clock,
    ) -> None:
        self._database = database
        self._videos = videos
        self._notifications = notifications
        self._standing = standing
        self._clock = clock

    async def stream(self, first: Video, viewer: Viewer) -> AsyncIterator[bytes]:
        """Events until the video is encoded or failed, hidden or deleted, or the process is about to stop.

        None outlives what its viewer came with; of whoever is signed out or suspended it ends at the next sign of
        life, and he does not come back.
        """
        seconds = min(_LONGEST_STREAM, viewer.expires_at - self._clock())
        deadline = asyncio.get_running_loop().time() + seconds
        with self._notifications.subscribe(first.id) as changed:
            changed.set()  # `first` was read before we subscribed: look once more
            video = first
            yield _event(video)
            while not (is_settled(video) or self._notifications.ending or _is_over(deadline)):
                has_news = await _wait(changed, deadline)
                if not await self._is_let_in(viewer):
                    return
                if not has_news:
                    yield b": still here\n\n"
                    continue
                latest = await self._look(UUID(video.id), viewer)
                if latest is None:
                    yield b"event: gone\ndata: {}\n\n"
                    return
                if latest != video:
                    video = latest
                    yield _event(video)
                await asyncio.sleep(_SHORTEST_PAUSE)

    async def _is_let_in(self, viewer: Viewer) -> bool:
        caller = viewer.caller or (viewer.grant.account if viewer.grant else None)
        return caller is None or await self._standing.has_access(caller)

    async def _look(self, video_id: UUID, viewer: Viewer) -> Video | None:
        try:
            async with self._database.connection() as db:
                return await self._videos.get(db, viewer, video_id)
        except (VideoNotFound, PasswordRequired):
            return None


def _is_over(deadline: float) -> bool:
    return asyncio.get_running_loop().time() >= deadline


async def _wait(changed: asyncio.Event, deadline: float) -> bool:
    """Whether there was news before it was time for a sign of life, or for the end."""
    try:
        async with asyncio.timeout_at(min(deadline, asyncio.get_running_loop().time() + KEEP_ALIVE_SECONDS)):
            await changed.wait()
    except TimeoutError:
        return False
    changed.clear()
    return True


def is_settled(video: Video) -> bool:
    """Nothing will change by itself any more."""
    encoding = video.encoding
    return video.status == "FAILED" or (encoding is not None and encoding.state in SETTLED)


def _event(video: Video) -> bytes:
    return b"event: video\ndata: " + msgspec.json.encode(video) + b"\n\n"
