"""HTTP in and out of videos."""

from starlette.responses import Response, StreamingResponse

from matinee.common.database import Connection
from matinee.common.http.call import Call
from matinee.common.http.contract import Access, operation
from matinee.common.http.pagination import InvalidCursor, PageQuery
from matinee.modules.teams.errors import TeamNotFound
from matinee.modules.videos.errors import UNSEEN, FragmentInUse, VideoNotFound
from matinee.modules.videos.events import VideoEvents
from matinee.modules.videos.schemas import MineQuery, Video, VideoChange, VideoId, VideoPage
from matinee.modules.videos.service import VideoService

TAG = "videos"
BASE = "/api/v1/videos"


class VideoRoutes:
    """Operations on videos."""

    def __init__(self, videos: VideoService, events: VideoEvents) -> None:
        self._videos = videos
        self._events = events

    @operation("GET", f"{BASE}/mine", tag=TAG, scope="videos:read", errors=(InvalidCursor, TeamNotFound))
    async def list_my_videos(self, call: Call, db: Connection, query: MineQuery) -> VideoPage:
        """The videos of the signed-in user, or of a team, in every state, newest first."""
        return await self._videos.list_mine(db, call.user, query)

    @operation("GET", BASE, tag=TAG, access=Access.PUBLIC, errors=(InvalidCursor,))
    async def list_videos(self, db: Connection, query: PageQuery) -> VideoPage:
        """Public videos that can be played, newest first."""
        return await self._videos.list_public(db, query)

    @operation("GET", f"{BASE}/{{video_id}}", tag=TAG, access=Access.OPTIONAL, scope="videos:read", errors=UNSEEN)
    async def get_video(self, call: Call, db: Connection, video_id: VideoId) -> Video:
        """One video with the progress of its encoding.

        Another user's private video answers 404, as one that does not exist.
        """
        return await self._videos.get(db, call.viewer, video_id)

    @operation("PATCH", f"{BASE}/{{video_id}}", tag=TAG, scope="videos:write", errors=(VideoNotFound,))
    async def change_video(self, call: Call, db: Connection, video_id: VideoId, body: VideoChange) -> Video:
        """Change what is said of a video, who may see it or how it is encrypted.

        Fields left out stay as they are. Where the encryption changes, players load the video anew.
        """
        return await self._videos.change(db, call.user, video_id, body)

    @operation("DELETE", f"{BASE}/{{video_id}}", tag=TAG, scope="videos:write", errors=(VideoNotFound, FragmentInUse))
    async def delete_video(self, call: Call, db: Connection, video_id: VideoId) -> None:
        """Delete a video.

        It is invisible at once; everything that is stored of it is removed soon after.
        """
        await self._videos.delete(db, call.user, video_id)

    @operation(
        "GET",
        f"{BASE}/{{video_id}}/events",
        tag=TAG,
        access=Access.OPTIONAL,
        scope="videos:read",
        errors=UNSEEN,
        produces="text/event-stream",
        emits=Video,
    )
    async def watch_video(self, call: Call, video_id: VideoId) -> Response:
        """Follow a video's changes as server-sent events.

        Each `event: video` carries the video as GET videos/{video_id} gives it: one at once, then one a change. The
        stream ends when nothing more is made of the video; `event: gone` tells that it can no longer be seen.
        """
        async with call.reading() as db:
            video = await self._videos.get(db, call.viewer, video_id)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        if call.scope["method"] == "HEAD":  # nobody listens: there is nothing to stream
            return Response(headers=headers, media_type="text/event-stream")
        call.scope["matinee.lift_deadline"]()
        return StreamingResponse(
            self._events.stream(video, call.viewer), headers=headers, media_type="text/event-stream"
        )
