"""Every query about what was watched."""

from datetime import datetime
from uuid import UUID

import msgspec

from matinee.common.database import Connection, execute, fetch_all, fetch_value
from matinee.common.http.pagination import Cursor


class WatchedRow(msgspec.Struct, frozen=True):
    """A video of an account's history."""

    video_id: UUID
    position: float
    watched_at: datetime


# What was cleared is shown nowhere, though it is removed later.
KEPT = """
watched_at > coalesce((SELECT until FROM history_clearings WHERE user_id = %(user)s), '-infinity')
"""
# Not of an account that wants nothing noted. One row of one account: nobody waits for it but his own other player.
_SAVE = """
INSERT INTO watch_history (user_id, video_id, position)
SELECT id, %(video)s, %(position)s FROM users WHERE id = %(user)s AND NOT history_paused
ON CONFLICT (user_id, video_id) DO UPDATE SET position = excluded.position, watched_at = now()
"""
_FIND = f"SELECT position FROM watch_history WHERE user_id = %(user)s AND video_id = %(video)s AND {KEPT}"  # noqa: S608
_LIST = f"SELECT video_id, position, watched_at FROM watch_history WHERE user_id = %(user)s AND {KEPT}"  # noqa: S608
_BEFORE = "AND (watched_at, video_id) < (%(created_at)s, %(id)s)"
_NEWEST = "ORDER BY watched_at DESC, video_id DESC LIMIT %(limit)s"
_FORGET = "DELETE FROM watch_history WHERE user_id = %s AND video_id = %s"
# By the clock, not by when the transaction began: all is older that was noted before.
_CLEAR = """
INSERT INTO history_clearings AS c (user_id) VALUES (%s)
ON CONFLICT (user_id) DO UPDATE SET until = greatest(c.until, excluded.until)
"""
# By where the rows lie: what is watched again meanwhile lies elsewhere then, and stays. LIMIT, and OFFSET below, keep
# PostgreSQL from reading everybody's history.
_REMOVE_CLEARED = """
DELETE FROM watch_history WHERE ctid = ANY(ARRAY(
    SELECT cleared.ctid FROM history_clearings c CROSS JOIN LATERAL (
        SELECT h.ctid FROM watch_history h WHERE h.user_id = c.user_id AND h.watched_at <= c.until LIMIT %(most)s
    ) cleared LIMIT %(most)s))
"""
# After a minute: by then whatever was on its way is here. And one that is repeated meanwhile is not so old any more.
_END_CLEARINGS = """
DELETE FROM history_clearings WHERE until < now() - interval '1 minute' AND user_id = ANY(ARRAY(
    SELECT c.user_id FROM history_clearings c WHERE c.until < now() - interval '1 minute' AND NOT EXISTS (
        SELECT FROM watch_history h WHERE h.user_id = c.user_id AND h.watched_at <= c.until OFFSET 0)
    LIMIT %(most)s))
"""
_FORGET_SOME = """
DELETE FROM watch_history WHERE user_id = %(user)s
  AND video_id IN (SELECT video_id FROM watch_history WHERE user_id = %(user)s LIMIT %(most)s)
"""
_PAUSE = "UPDATE users SET history_paused = %s WHERE id = %s"
_IS_PAUSED = "SELECT history_paused FROM users WHERE id = %s"


async def save_position(db: Connection, user_id: UUID, video_id: UUID, position: float) -> None:
    """Notes where the account is, unless it wants nothing noted."""
    await execute(db, _SAVE, {"user": user_id, "video": video_id, "position": position})


async def find_position(db: Connection, user_id: UUID, video_id: UUID) -> float | None:
    """Where the account was last."""
    position: float | None = await fetch_value(db, _FIND, {"user": user_id, "video": video_id})
    return position


async def list_watched(db: Connection, user_id: UUID, limit: int, after: Cursor | None) -> list[WatchedRow]:
    """What was watched, the latest first; one more than `limit` where there is more."""
    params = {"user": user_id, "limit": limit + 1}
    if after is None:
        return await fetch_all(db, WatchedRow, f"{_LIST} {_NEWEST}", params)
    place = {"created_at": after.created_at, "id": after.id}
    return await fetch_all(db, WatchedRow, f"{_LIST} {_BEFORE} {_NEWEST}", {**params, **place})


async def forget_watched(db: Connection, user_id: UUID, video_id: UUID) -> None:
    """As if the account had never watched it."""
    await execute(db, _FORGET, (user_id, video_id))


async def clear_history(db: Connection, user_id: UUID) -> None:
    """As if it had never watched anything; of however much that is, `remove_cleared` removes it."""
    await execute(db, _CLEAR, (user_id,))


async def remove_cleared(db: Connection, most: int) -> int:
    """Removes so much of what was cleared; returns how much."""
    removed = await execute(db, _REMOVE_CLEARED, {"most": most})
    if removed < most:
        await execute(db, _END_CLEARINGS, {"most": most})
    return removed


async def forget_some(db: Connection, user_id: UUID, most: int) -> int:
    """Forgets so many videos that the account has watched; returns how many."""
    return await execute(db, _FORGET_SOME, {"user": user_id, "most": most})


async def pause_history(db: Connection, user_id: UUID, *, paused: bool) -> None:
    """Whether nothing is noted from now on."""
    await execute(db, _PAUSE, (paused, user_id))


async def is_paused(db: Connection, user_id: UUID) -> bool:
    """Whether nothing is noted."""
    return bool(await fetch_value(db, _IS_PAUSED, (user_id,)))
