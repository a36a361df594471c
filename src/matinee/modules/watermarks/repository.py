"""Every query about watermarks. Which one the pictures have stands in the plan."""

from uuid import UUID

import msgspec

from matinee.common.database import Connection, execute, fetch_one
from matinee.media.model import Watermark
from matinee.modules.videos.rules import Status

_FIND = """
SELECT v.owner_id, v.status, coalesce(v.source_id, v.id) AS keeper, v.watermark::text AS chosen,
    v.plan ->> 'watermark' AS shown, v.plan IS NULL OR jsonb_array_length(v.plan -> 'video') > 0 AS may_have_picture,
    u.failure_code, u.failure_detail
FROM videos v LEFT JOIN LATERAL (
    SELECT failure_code, failure_detail FROM videos o WHERE o.replaces = v.id AND o.deleted_at IS NULL
    ORDER BY o.created_at DESC, o.id DESC LIMIT 1) u ON true
WHERE v.id = %s AND v.deleted_at IS NULL
"""
# While it is planned nobody knows which of two choices its plan has.
_CHOOSE = """
UPDATE videos SET watermark = %s::text::jsonb, updated_at = now()
WHERE id = %s AND deleted_at IS NULL AND replaces IS NULL AND status IN ('INITIATED', 'UPLOADING', 'READY')
"""


class WatermarkRow(msgspec.Struct, frozen=True):
    """A video, what was chosen for it and what its pictures have, as JSON."""

    owner_id: UUID
    status: Status
    keeper: UUID
    """The video beside whose file the image lies."""
    chosen: str | None
    """None: nothing; `null`: that it has none."""
    shown: str | None
    may_have_picture: bool
    """False where it is known to have sound alone."""
    failure_code: str | None
    failure_detail: str | None
    """Why what was to take its place could not be made."""


async def find(db: Connection, video_id: UUID) -> WatermarkRow | None:
    """A video that is not deleted."""
    return await fetch_one(db, WatermarkRow, _FIND, (video_id,))


async def choose(db: Connection, video_id: UUID, mark: Watermark | None) -> bool:
    """Records the choice of a video that is not planned yet or can be played; False for any other."""
    return await execute(db, _CHOOSE, (msgspec.json.encode(mark).decode(), video_id)) == 1
