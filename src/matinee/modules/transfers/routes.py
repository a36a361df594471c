"""HTTP in and out of transfers."""

from matinee.common.database import Connection
from matinee.common.http.call import Call
from matinee.common.http.contract import operation
from matinee.modules.quotas.errors import QuotaExceeded
from matinee.modules.teams.errors import NOT_ACTING
from matinee.modules.transfers.errors import NotTransferable
from matinee.modules.transfers.schemas import Transfer
from matinee.modules.transfers.service import TransferService
from matinee.modules.videos.errors import VideoNotFound
from matinee.modules.videos.schemas import Video, VideoId


class TransferRoutes:
    """Operations on whose a video is."""

    def __init__(self, transfers: TransferService) -> None:
        self._transfers = transfers

    @operation(
        "POST",
        "/api/v1/videos/{video_id}/transfer",
        tag="teams",
        scope="videos:write",
        errors=(VideoNotFound, *NOT_ACTING, NotTransferable, QuotaExceeded),
    )
    async def transfer_video(self, call: Call, db: Connection, video_id: VideoId, body: Transfer) -> Video:
        """Give a video to a team, or take it from one.

        Only its owners take videos from a team. All that is made of the same file goes with it: clips, videos that
        share it, what is to replace it. It must fit in the quota of who gets it. Tokens that the former owner's keys
        have signed open it no longer.
        """
        return await self._transfers.transfer(db, call.user, video_id, body.owner)
