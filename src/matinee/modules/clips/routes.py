"""HTTP in and out of clips."""

from matinee.common.database import Connection
from matinee.common.http.call import Call
from matinee.common.http.contract import operation
from matinee.common.http.rate_limits import RateLimit
from matinee.modules.clips.errors import InvalidClip
from matinee.modules.clips.schemas import NewClip
from matinee.modules.clips.service import ClipService
from matinee.modules.quotas.errors import QuotaExceeded
from matinee.modules.videos.errors import VideoNotFound, VideoNotPlayable
from matinee.modules.videos.schemas import Video, VideoId

TAG = "videos"


class ClipRoutes:
    """Operations that cut videos."""

    def __init__(self, clips: ClipService) -> None:
        self._clips = clips

    @operation(
        "POST",
        "/api/v1/videos/{video_id}/clips",
        tag=TAG,
        scope="videos:write",
        status=201,
        errors=(VideoNotFound, VideoNotPlayable, InvalidClip, QuotaExceeded),
        idempotent=True,
        limit=RateLimit("clips", 120, 3600, by="user"),
    )
    async def make_clip(self, call: Call, db: Connection, video_id: VideoId, body: NewClip) -> Video:
        """Make a part of a video a video of its own.

        It starts and ends at the exact frames. Only its first and last segments are encoded, the others are those of
        the video, so that it can be watched within seconds. It takes over the text tracks and chapters, and stays
        what it is when the video is changed or deleted.
        """
        return await self._clips.cut(db, call.user, video_id, body)
