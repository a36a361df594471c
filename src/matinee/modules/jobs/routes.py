"""HTTP in and out of the jobs of a video."""

from matinee.common.database import Connection
from matinee.common.errors import Forbidden
from matinee.common.http.call import Call
from matinee.common.http.contract import operation
from matinee.common.http.rate_limits import RateLimit
from matinee.modules.imports.errors import ImportsOff
from matinee.modules.jobs.errors import NothingToCancel, NothingToRetry
from matinee.modules.jobs.schemas import EncodingChange, VideoEncoding
from matinee.modules.jobs.service import JobService
from matinee.modules.videos.errors import VideoNotFound
from matinee.modules.videos.schemas import VideoId

TAG = "encoding"
BASE = "/api/v1/videos/{video_id}/encoding"
STEERING = RateLimit("encoding", 240, 3600, by="user")


class JobRoutes:
    """Operations on the encoding of a video."""

    def __init__(self, jobs: JobService) -> None:
        self._jobs = jobs

    @operation("GET", BASE, tag=TAG, scope="videos:read", errors=(VideoNotFound,))
    async def get_encoding(self, call: Call, db: Connection, video_id: VideoId) -> VideoEncoding:
        """How far the encoding is, what it waits for, and its jobs.

        For the video's owner and administrators; the latter also see on which machine a job runs, and the evidence
        of what went wrong.
        """
        return await self._jobs.encoding_of(db, call.user, video_id)

    @operation(
        "POST",
        f"{BASE}/retry",
        tag=TAG,
        scope="videos:write",
        errors=(VideoNotFound, NothingToRetry, ImportsOff),
        limit=STEERING,
    )
    async def retry_encoding(self, call: Call, db: Connection, video_id: VideoId) -> VideoEncoding:
        """Try again what failed, was cancelled, or waits for its next try.

        A FAILED video is PROCESSING again. What exists already is kept and not made anew.
        """
        return await self._jobs.retry(db, call.user, video_id)

    @operation(
        "POST",
        f"{BASE}/cancel",
        tag=TAG,
        scope="videos:write",
        errors=(VideoNotFound, NothingToCancel),
        limit=STEERING,
    )
    async def cancel_encoding(self, call: Call, db: Connection, video_id: VideoId) -> VideoEncoding:
        """Stop filling in the qualities of a video.

        Jobs that wait are removed, those that run end with their next segment. What exists stays playable, what is
        missing is made when somebody wants to watch it, the sound is made as a whole. A video that cannot be played
        yet becomes playable first. A retry resumes the filling.
        """
        return await self._jobs.cancel(db, call.user, video_id)

    @operation("PATCH", BASE, tag=TAG, scope="videos:write", errors=(VideoNotFound, Forbidden))
    async def change_encoding(
        self, call: Call, db: Connection, video_id: VideoId, body: EncodingChange
    ) -> VideoEncoding:
        """Give a video precedence over others, or the opposite.

        For administrators. It holds for the jobs that wait and for those to come.
        """
        return await self._jobs.prioritise(db, call.user, video_id, body.priority)
