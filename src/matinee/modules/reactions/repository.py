"""Every query about reactions."""

from uuid import UUID

from matinee.common.database import Connection, fetch_value
from matinee.modules.reactions.schemas import Kind

_FIND = "SELECT kind FROM reactions WHERE video_id = %s AND user_id = %s"
_ADD = """
INSERT INTO reactions (video_id, user_id, kind) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING RETURNING kind
"""
_TURN = """
UPDATE reactions SET kind = %(kind)s, created_at = now()
WHERE video_id = %(video)s AND user_id = %(user)s AND kind <> %(kind)s RETURNING kind
"""
_REMOVE = "DELETE FROM reactions WHERE video_id = %s AND user_id = %s RETURNING kind"
_REMOVE_SOME = """
WITH gone AS (
    DELETE FROM reactions WHERE user_id = %(user)s
      AND video_id IN (SELECT video_id FROM reactions WHERE user_id = %(user)s LIMIT %(most)s)
    RETURNING video_id, kind
), counted AS (
    INSERT INTO count_changes (video_id, likes, dislikes)
    SELECT video_id, -(kind = 'like')::int, -(kind = 'dislike')::int FROM gone
)
SELECT count(*) FROM gone
"""


async def find_reaction(db: Connection, video_id: UUID, user_id: UUID) -> Kind | None:
    """What the account thinks of it."""
    kind: Kind | None = await fetch_value(db, _FIND, (video_id, user_id))
    return kind


async def add_reaction(db: Connection, video_id: UUID, user_id: UUID, kind: Kind) -> bool:
    """False where the account has reacted before; by then that is committed."""
    return await fetch_value(db, _ADD, (video_id, user_id, kind)) is not None


async def turn_reaction(db: Connection, video_id: UUID, user_id: UUID, kind: Kind) -> bool:
    """Makes the other kind this one; False where there is none of the other kind."""
    return await fetch_value(db, _TURN, {"video": video_id, "user": user_id, "kind": kind}) is not None


async def remove_reaction(db: Connection, video_id: UUID, user_id: UUID) -> Kind | None:
    """What it was."""
    kind: Kind | None = await fetch_value(db, _REMOVE, (video_id, user_id))
    return kind


async def remove_some(db: Connection, user_id: UUID, most: int) -> int:
    """Removes so many of an account's reactions, from the counts too; returns how many."""
    return int(await fetch_value(db, _REMOVE_SOME, {"user": user_id, "most": most}))
