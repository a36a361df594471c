"""Decisions about transfers: whose a video is."""

from uuid import UUID

from matinee.common.database import Connection
from matinee.common.http.authentication import Caller
from matinee.common.http.viewer import Viewer
from matinee.common.notifications import announce_all
from matinee.modules import audit
from matinee.modules.quotas.service import QuotaService
from matinee.modules.teams.errors import TeamNotFound
from matinee.modules.teams.rules import EDITORS, OWNERS, acting_for
from matinee.modules.transfers import repository
from matinee.modules.transfers.errors import NotTransferable
from matinee.modules.videos.schemas import Video
from matinee.modules.videos.service import VideoService


class TransferService:
    """Gives videos from one account to another."""

    def __init__(self, videos: VideoService, quotas: QuotaService) -> None:
        self._videos = videos
        self._quotas = quotas

    async def transfer(self, db: Connection, caller: Caller, video_id: UUID, owner: UUID | None) -> Video:
        """Gives a video, and all that is made of its file, to the caller or a team of his. Repeating it is harmless.

        Raises VideoNotFound, TeamNotFound, TeamRoleNeeded, NotTransferable and QuotaExceeded.
        """
        to = acting_for(caller, owner, EDITORS)
        video = await self._videos.owned(db, caller, video_id)
        if video.owner_id != to:
            if video.owner_id != caller.user_id and caller.role != "ADMIN":
                acting_for(caller, video.owner_id, OWNERS)  # an editor could carry off all that there is
            if not await repository.hold_recipient(db, to):
                raise TeamNotFound
            family = await repository.hold_family(db, video_id)
            moved = await repository.move(db, video_id, family, of=video.owner_id, to=to)
            if video_id not in moved:
                raise NotTransferable
            await self._quotas.ensure_fits(db, to)
            await audit.record(db, "video.transferred", video_id, account=video.owner_id, to=to)
            await announce_all(db, [str(moved_id) for moved_id in moved])
        return await self._videos.get(db, Viewer(caller), video_id)
