"""HTTP in and out of views."""

from matinee.common.database import Connection
from matinee.common.http.call import Call
from matinee.common.http.contract import Access, operation
from matinee.common.http.rate_limits import RateLimit
from matinee.modules.videos.errors import UNSEEN, VideoNotPlayable
from matinee.modules.videos.schemas import VideoId
from matinee.modules.views.schemas import Watched
from matinee.modules.views.service import ViewService


class ViewRoutes:
    """What players tell of being watched."""

    def __init__(self, views: ViewService) -> None:
        self._views = views

    @operation(
        "POST",
        "/api/v1/videos/{video_id}/views",
        tag="reactions",
        access=Access.OPTIONAL,
        scope="videos:read",
        errors=(*UNSEEN, VideoNotPlayable),
        limit=RateLimit("view", 600, 600),
        writes_once=True,
    )
    async def count_view(self, call: Call, db: Connection, video_id: VideoId, body: Watched) -> None:
        """Tell that a video was watched.

        Ten seconds of playing, or nearly all of a shorter video, are a view; of one viewer one a day. Whether it was
        counted is not told.
        """
        address, agent = call.subscriber, call.header(b"user-agent")
        await self._views.note(db, call.viewer, video_id, body.seconds, address, agent)
