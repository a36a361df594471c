"""HTTP in and out of sharing."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from matinee.common.database import Connection
from matinee.common.http.call import Call
from matinee.common.http.contract import operation
from matinee.common.http.rate_limits import RateLimit
from matinee.modules.sharing.errors import NoSuchViewer, TooManyViewers
from matinee.modules.sharing.schemas import NewPassword, NewViewer, SharedWith, Viewers
from matinee.modules.sharing.service import SharingService
from matinee.modules.videos.errors import VideoNotFound
from matinee.modules.videos.schemas import VideoId

TAG = "sharing"
VIEWERS = "/api/v1/videos/{video_id}/viewers"
HASHING = RateLimit("video-password", 60, 3600, by="user")
ViewerId = Annotated[UUID, Meta(description="The account's id.")]


class SharingRoutes:
    """Operations on who may watch beside the owner."""

    def __init__(self, sharing: SharingService) -> None:
        self._sharing = sharing

    @operation("GET", VIEWERS, tag=TAG, scope="videos:read", errors=(VideoNotFound,))
    async def list_viewers(self, call: Call, db: Connection, video_id: VideoId) -> Viewers:
        """Whom a video is shared with."""
        return await self._sharing.viewers(db, call.user, video_id)

    @operation(
        "POST",
        VIEWERS,
        tag=TAG,
        scope="videos:write",
        status=201,
        errors=(VideoNotFound, NoSuchViewer, TooManyViewers),
        limit=RateLimit("share", 100, 3600, by="user"),
    )
    async def share_video(self, call: Call, db: Connection, video_id: VideoId, body: NewViewer) -> SharedWith:
        """Share a video with an account, whatever its visibility.

        Sharing it twice is harmless. Where this server sends mail, the address must be verified.
        """
        return await self._sharing.share(db, call.user, video_id, body.email)

    @operation(
        "DELETE", f"{VIEWERS}/{{user_id}}", tag=TAG, scope="videos:write", errors=(VideoNotFound, NoSuchViewer)
    )
    async def unshare_video(self, call: Call, db: Connection, video_id: VideoId, user_id: ViewerId) -> None:
        """Share a video with an account no longer.

        It is cut off at its next playlist or segment, also in the middle of the video.
        """
        await self._sharing.unshare(db, call.user, video_id, user_id)

    @operation(
        "PUT",
        "/api/v1/videos/{video_id}/password",
        tag=TAG,
        scope="videos:write",
        errors=(VideoNotFound,),
        limit=HASHING,
    )
    async def set_password(self, call: Call, video_id: VideoId, body: NewPassword) -> None:
        """Have a video opened by a password.

        Its visibility becomes `password`. Whoever was let in by a former one is let in no longer. Another visibility
        drops the password.
        """
        await self._sharing.lock(call.begin, call.user, video_id, body.password)
