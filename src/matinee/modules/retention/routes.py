"""HTTP in and out of what is kept of a video."""

from matinee.common.database import Connection
from matinee.common.http.call import Call
from matinee.common.http.contract import operation
from matinee.modules.retention.schemas import StorageChange, VideoStorage
from matinee.modules.retention.service import RetentionService
from matinee.modules.videos.errors import VideoNotFound
from matinee.modules.videos.schemas import VideoId

TAG = "videos"
PATH = "/api/v1/videos/{video_id}/storage"


class RetentionRoutes:
    """Operations on what is kept."""

    def __init__(self, retention: RetentionService) -> None:
        self._retention = retention

    @operation("GET", PATH, tag=TAG, scope="videos:read", errors=(VideoNotFound,))
    async def get_storage(self, call: Call, db: Connection, video_id: VideoId) -> VideoStorage:
        """What a video takes in the storage.

        By rendition, with when each was last watched, and what a policy would save.
        """
        return await self._retention.get(db, call.user, video_id)

    @operation("PATCH", PATH, tag=TAG, scope="videos:write", errors=(VideoNotFound,))
    async def change_storage(
        self, call: Call, db: Connection, video_id: VideoId, body: StorageChange
    ) -> VideoStorage:
        """Choose what is made of a video without being watched, and how long it is kept.

        Whatever is chosen, every quality stays playable: what is not stored is made when somebody wants to see it.
        """
        return await self._retention.change(db, call.user, video_id, body)
