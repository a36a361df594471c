"""Every query about keys."""

from uuid import UUID

from matinee.common.database import Connection, execute

_RENEW = "UPDATE videos SET key_version = key_version + 1, updated_at = now() WHERE id = %s AND deleted_at IS NULL"


async def renew_keys(db: Connection, video_id: UUID) -> bool:
    """The next version of a video's keys holds; False where the video is gone."""
    return await execute(db, _RENEW, (video_id,)) == 1
