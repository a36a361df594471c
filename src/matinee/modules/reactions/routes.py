"""HTTP in and out of reactions."""

from matinee.common.database import Connection
from matinee.common.http.call import Call
from matinee.common.http.contract import Access, operation
from matinee.common.http.rate_limits import RateLimit
from matinee.modules.reactions.schemas import Reaction, VideoCounts
from matinee.modules.reactions.service import ReactionService
from matinee.modules.videos.errors import UNSEEN
from matinee.modules.videos.schemas import VideoId

TAG = "reactions"
REACTION = "/api/v1/videos/{video_id}/reaction"
REACTING = RateLimit("reaction", 300, 600, by="user")


class ReactionRoutes:
    """Operations on likes and dislikes."""

    def __init__(self, reactions: ReactionService) -> None:
        self._reactions = reactions

    @operation(
        "GET",
        "/api/v1/videos/{video_id}/counts",
        tag=TAG,
        access=Access.OPTIONAL,
        scope="videos:read",
        errors=UNSEEN,
    )
    async def get_counts(self, call: Call, db: Connection, video_id: VideoId) -> VideoCounts:
        """How many like a video or have said something about it."""
        return await self._reactions.counts(db, call.viewer, video_id)

    @operation("PUT", REACTION, tag=TAG, access=Access.PERSON, errors=UNSEEN, limit=REACTING)
    async def react_to_video(self, call: Call, db: Connection, video_id: VideoId, body: Reaction) -> VideoCounts:
        """Like or dislike a video.

        An account has one reaction: the other takes its place.
        """
        return await self._reactions.react(db, call.user, video_id, body.kind)

    @operation("DELETE", REACTION, tag=TAG, access=Access.PERSON, errors=UNSEEN, limit=REACTING)
    async def withdraw_reaction(self, call: Call, db: Connection, video_id: VideoId) -> VideoCounts:
        """Neither like nor dislike a video any more."""
        return await self._reactions.withdraw(db, call.user, video_id)
