"""Every query about downloads."""

from uuid import UUID

import msgspec

from matinee.common.database import Connection, execute, fetch_all, fetch_one, fetch_value
from matinee.modules.downloads.rules import Stored
from matinee.modules.downloads.schemas import Allowed
from matinee.modules.videos.rules import Status, Visibility


class FileFacts(msgspec.Struct, frozen=True):
    """A video that is not deleted, as its downloads see it."""

    owner_id: UUID
    visibility: Visibility
    status: Status
    allowed: Allowed
    title: str
    filename: str
    filesize: int
    filetype: str
    plan: str | None


_FIND = """
SELECT owner_id, visibility, status, downloads AS allowed, title, filename, filesize, filetype, plan::text AS plan
FROM videos WHERE id = %s AND deleted_at IS NULL
"""
_STORED = """
SELECT name, stored @> int4range(0, cells) AS is_complete, bytes FROM renditions
WHERE video_id = %s ORDER BY position LIMIT 100
"""
_ALLOW = "UPDATE videos SET downloads = %s, updated_at = now() WHERE id = %s AND deleted_at IS NULL"
_STILL_THERE = "SELECT 1 FROM videos WHERE id = %s AND deleted_at IS NULL FOR SHARE"


async def find_files(db: Connection, video_id: UUID) -> FileFacts | None:
    """A video that is not deleted."""
    return await fetch_one(db, FileFacts, _FIND, (video_id,))


async def find_stored(db: Connection, video_id: UUID) -> dict[str, Stored]:
    """What is stored of each rendition."""
    return {row.name: row for row in await fetch_all(db, Stored, _STORED, (video_id,))}


async def allow(db: Connection, video_id: UUID, allowed: Allowed) -> bool:
    """Says what others may download; False where the video is gone."""
    return await execute(db, _ALLOW, (allowed, video_id)) == 1


async def is_there(db: Connection, video_id: UUID) -> bool:
    """Whether the video is not deleted, and will not be until the transaction ends."""
    return await fetch_value(db, _STILL_THERE, (video_id,)) is not None
