"""Every query about whom a video is shared with, and its password."""

from uuid import UUID

from matinee.common.database import Connection, execute, fetch_all
from matinee.modules.sharing.schemas import SharedWith

MOST_VIEWERS = 100
"""As the table demands."""

_LIST = """
SELECT u.id, u.name FROM videos v JOIN users u ON u.id = ANY(v.viewers)
WHERE v.id = %s ORDER BY u.name, u.id LIMIT 100
"""
# Also where the list is full: to share it twice takes no place.
_ADD = """
UPDATE videos SET updated_at = now(),
    viewers = CASE WHEN %(user)s = ANY(viewers) THEN viewers ELSE viewers || %(user)s::uuid END
WHERE id = %(video)s AND deleted_at IS NULL AND (%(user)s = ANY(viewers) OR cardinality(viewers) < %(most)s)
"""
_REMOVE = """
UPDATE videos SET viewers = array_remove(viewers, %(user)s::uuid), updated_at = now()
WHERE id = %(video)s AND deleted_at IS NULL AND %(user)s = ANY(viewers)
"""
_LOCK = """
UPDATE videos SET visibility = 'password', password_hash = %s, password_id = gen_random_uuid(), updated_at = now()
WHERE id = %s AND deleted_at IS NULL
"""


async def list_viewers(db: Connection, video_id: UUID) -> list[SharedWith]:
    """Whom a video is shared with, by name."""
    return await fetch_all(db, SharedWith, _LIST, (video_id,))


async def add_viewer(db: Connection, video_id: UUID, user_id: UUID) -> bool:
    """Shares the video, once; False where it is shared with too many already, or was deleted."""
    return await execute(db, _ADD, {"video": video_id, "user": user_id, "most": MOST_VIEWERS}) == 1


async def remove_viewer(db: Connection, video_id: UUID, user_id: UUID) -> bool:
    """False where it was not shared with that account."""
    return await execute(db, _REMOVE, {"video": video_id, "user": user_id}) == 1


async def lock(db: Connection, video_id: UUID, password_hash: str) -> bool:
    """Whoever knows the password may watch; False where the video was deleted."""
    return await execute(db, _LOCK, (password_hash, video_id)) == 1
