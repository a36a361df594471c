"""HTTP in and out of replacements."""

from matinee.common.database import Connection
from matinee.common.http.call import Call
from matinee.common.http.contract import operation
from matinee.common.http.rate_limits import RateLimit
from matinee.modules.quotas.errors import QuotaExceeded
from matinee.modules.replacements.errors import ClipHasNoFile, InvalidTrim, NotTrimmed, ReplacementAwaited
from matinee.modules.replacements.schemas import NewSource, Trim
from matinee.modules.replacements.service import ReplacementService
from matinee.modules.uploads.errors import FileTooLarge
from matinee.modules.uploads.schemas import UploadStarted
from matinee.modules.videos.errors import VideoNotFound, VideoNotPlayable
from matinee.modules.videos.schemas import Video, VideoId

TRIM = "/api/v1/videos/{video_id}/trim"
REMAKES = RateLimit("trim", 60, 3600, by="user")


class ReplacementRoutes:
    """Operations that replace files."""

    def __init__(self, replacements: ReplacementService) -> None:
        self._replacements = replacements

    @operation(
        "POST",
        "/api/v1/videos/{video_id}/source",
        tag="uploads",
        scope="videos:write",
        status=201,
        errors=(VideoNotFound, VideoNotPlayable, FileTooLarge, QuotaExceeded),
        idempotent=True,
        limit=RateLimit("replacements", 60, 3600, by="user"),
    )
    async def replace_source(self, call: Call, db: Connection, video_id: VideoId, body: NewSource) -> UploadStarted:
        """Announce another file for a video, which keeps its address.

        The answer names a video that is in no list: upload to it as to any other. The old file plays on meanwhile,
        and for good if the new one fails, which the new video then says. As soon as it can be played it takes the old
        one's place, and answers 404 itself. Title, links, and texts and sounds that were added stay; tracks that came
        with the old file go with it.
        """
        return await self._replacements.begin(db, call.user, video_id, body)

    @operation(
        "POST",
        TRIM,
        tag="videos",
        scope="videos:write",
        status=202,
        errors=(VideoNotFound, VideoNotPlayable, ReplacementAwaited, InvalidTrim),
        idempotent=True,
        limit=REMAKES,
    )
    async def trim_video(self, call: Call, db: Connection, video_id: VideoId, body: Trim) -> Video:
        """Leave nothing of a video but a part, exact to the frame.

        It keeps its id, links, texts and sounds, and plays as before until the part can be played. Times are those of
        the video as it is now. The file stays whole, so this can be undone.
        """
        return await self._replacements.trim(db, call.user, video_id, body)

    @operation(
        "DELETE",
        TRIM,
        tag="videos",
        scope="videos:write",
        status=202,
        errors=(VideoNotFound, VideoNotPlayable, ReplacementAwaited, NotTrimmed, ClipHasNoFile),
        limit=REMAKES,
    )
    async def untrim_video(self, call: Call, db: Connection, video_id: VideoId) -> Video:
        """Show all of the file of a video again.

        It is planned anew, with the sounds and texts of its file; sounds and texts that were added move with it.
        """
        return await self._replacements.untrim(db, call.user, video_id)
