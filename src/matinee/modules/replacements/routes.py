"""HTTP in and out of replacements."""

from matinee.common.database import Connection
from matinee.common.http.call import Call
from matinee.common.http.contract import operation
from matinee.common.http.rate_limits import RateLimit
from matinee.modules.replacements.errors import SoundsAdded
from matinee.modules.replacements.schemas import NewSource
from matinee.modules.replacements.service import ReplacementService
from matinee.modules.uploads.errors import FileTooLarge
from matinee.modules.uploads.schemas import UploadStarted
from matinee.modules.videos.errors import VideoNotFound, VideoNotPlayable
from matinee.modules.videos.schemas import VideoId


class ReplacementRoutes:
    """Operations that replace files."""

    def __init__(self, replacements: ReplacementService) -> None:
        self._replacements = replacements

    @operation(
        "POST",
        "/api/v1/videos/{video_id}/source",
        tag="uploads",
        status=201,
        errors=(VideoNotFound, VideoNotPlayable, SoundsAdded, FileTooLarge),
        idempotent=True,
        limit=RateLimit("replacements", 60, 3600, by="user"),
    )
    async def replace_source(self, call: Call, db: Connection, video_id: VideoId, body: NewSource) -> UploadStarted:
        """Announce another file for a video, which keeps its address.

        The answer names a video that is in no list: upload to it as to any other. The old file plays on meanwhile,
        and for good if the new one fails, which the new video then says. As soon as it can be played it takes the old
        one's place, and answers 404 itself. Title, texts that were added, and links stay; tracks that came with the
        old file go with it.
        """
        return await self._replacements.begin(db, call.user, video_id, body)
