"""Decisions about reactions: who may react, and what that changes of the counts."""

from uuid import UUID

from matinee.common.database import Connection
from matinee.common.http.authentication import Caller
from matinee.common.http.viewer import Viewer
from matinee.modules.counts import repository as counts
from matinee.modules.counts.repository import Counts
from matinee.modules.reactions import repository
from matinee.modules.reactions.schemas import Kind, VideoCounts
from matinee.modules.videos.service import VideoService


class ReactionService:
    """Likes and dislikes of those who may see the video."""

    def __init__(self, videos: VideoService) -> None:
        self._videos = videos

    async def counts(self, db: Connection, viewer: Viewer, video_id: UUID) -> VideoCounts:
        """How many there are, with the viewer's own reaction."""
        await self._videos.seen(db, viewer, video_id)
        return await self._counts(db, viewer.caller, video_id)

    async def react(self, db: Connection, caller: Caller, video_id: UUID, kind: Kind) -> VideoCounts:
        """The account's one reaction; the same twice is harmless, the other takes its place."""
        await self._videos.seen(db, Viewer(caller), video_id)
        if await repository.add_reaction(db, video_id, caller.user_id, kind):
            await counts.change(db, video_id, _one(kind))
        elif await repository.turn_reaction(db, video_id, caller.user_id, kind):
            likes = 1 if kind == "like" else -1
            await counts.change(db, video_id, Counts(likes=likes, dislikes=-likes))
        return await self._counts(db, caller, video_id)

    async def withdraw(self, db: Connection, caller: Caller, video_id: UUID) -> VideoCounts:
        """No reaction any more; harmless where there was none."""
        await self._videos.seen(db, Viewer(caller), video_id)
        kind = await repository.remove_reaction(db, video_id, caller.user_id)
        if kind is not None:
            await counts.change(db, video_id, _one(kind, -1))
        return await self._counts(db, caller, video_id)

    async def remove_some_of(self, db: Connection, user_id: UUID, most: int) -> int:
        """Withdraws so many reactions of an account that is to go; returns how many."""
        return await repository.remove_some(db, user_id, most)

    async def _counts(self, db: Connection, caller: Caller | None, video_id: UUID) -> VideoCounts:
        found = await counts.find(db, video_id)
        own = await repository.find_reaction(db, video_id, caller.user_id) if caller else None
        return VideoCounts(
            views=found.views,
            likes=found.likes,
            dislikes=found.dislikes,
            comments=found.comments,
            reaction=own,
        )


def _one(kind: Kind, change: int = 1) -> Counts:
    return Counts(likes=change) if kind == "like" else Counts(dislikes=change)
