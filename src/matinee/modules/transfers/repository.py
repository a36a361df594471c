"""Every query about transfers."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from matinee.common.database import Connection, execute, fetch_all, fetch_value

# All that is made of one file has one owner, deleted or not: its keeper, clips, what shares it, and what is to take
# the place of any of them.
_LIST_FAMILY = """
WITH keeper AS (
    SELECT coalesce(source_id, id) AS id FROM videos WHERE id = %s AND replaces IS NULL AND fragment_of IS NULL
), family AS (
    SELECT v.id FROM videos v JOIN keeper k ON v.id = k.id
    UNION ALL SELECT v.id FROM videos v JOIN keeper k ON v.source_id = k.id
)
SELECT id FROM family UNION SELECT v.id FROM videos v JOIN family f ON v.replaces = f.id ORDER BY id
"""
# Whoever deletes a team at this moment waits, and finds the video; or is seen here, before it goes with the team.
_HOLD_RECIPIENT = "SELECT id FROM users WHERE id = %s AND closed_at IS NULL FOR KEY SHARE"
_HOLD = "SELECT id FROM videos WHERE id = ANY(%s) ORDER BY id FOR UPDATE"
# No upload that is under way: whoever receives it reserves of its former owner's quota.
_MOVE = """
UPDATE videos SET owner_id = %(to)s, updated_at = now()
WHERE id = ANY(%(family)s::uuid[]) AND owner_id = %(of)s AND EXISTS (
    SELECT FROM videos v WHERE v.id = %(video)s AND v.owner_id = %(of)s AND v.deleted_at IS NULL
      AND v.status IN ('PROCESSING', 'READY', 'FAILED'))
RETURNING id
"""


class _Id(msgspec.Struct):
    id: UUID


async def hold_recipient(db: Connection, account_id: UUID) -> bool:
    """The account is not deleted until the transaction ends; False where it is."""
    return await fetch_value(db, _HOLD_RECIPIENT, (account_id,)) is not None


async def hold_family(db: Connection, video_id: UUID) -> list[UUID]:
    """All that is made of the video's file, and nothing more is until the transaction ends; of no video, nothing."""
    held: list[UUID] = []
    while held != (family := [row.id for row in await fetch_all(db, _Id, _LIST_FAMILY, (video_id,))]):
        await execute(db, _HOLD, (family,))  # and once more: while we waited, another clip may have been added
        held = family
    return held


async def move(db: Connection, video_id: UUID, family: Sequence[UUID], *, of: UUID, to: UUID) -> list[UUID]:
    """Gives a video and its family from one account to another; nothing where the video is another's already."""
    params = {"video": video_id, "family": list(family), "of": of, "to": to}
    return [row.id for row in await fetch_all(db, _Id, _MOVE, params)]
