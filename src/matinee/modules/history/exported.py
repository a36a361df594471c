"""What an export has of the history: all that is noted, also of what the account may see no longer."""

from datetime import datetime
from uuid import UUID

import msgspec

from matinee.common.database import Connection, fetch_all
from matinee.common.http.pagination import Cursor, PageQuery, decode_cursor, encode_cursor


class ExportedWatch(msgspec.Struct, frozen=True):
    """A video that was watched."""

    video_id: UUID
    position: float
    watched_at: datetime


class ExportedWatches(msgspec.Struct, frozen=True):
    """A page of them."""

    items: list[ExportedWatch]
    next_cursor: str | None


# By the video, not the time: what is watched while the pages are read neither comes twice nor is left out.
_LIST = """
SELECT video_id, position, watched_at FROM watch_history
WHERE user_id = %s AND video_id > %s ORDER BY video_id LIMIT %s
"""
_FIRST = UUID(int=0)


async def list_watches(db: Connection, user_id: UUID, query: PageQuery) -> ExportedWatches:
    """A page of what an account has watched."""
    after = decode_cursor(query.cursor)
    rows = await fetch_all(db, ExportedWatch, _LIST, (user_id, after.id if after else _FIRST, query.limit))
    last = rows[-1] if len(rows) == query.limit else None
    return ExportedWatches(rows, encode_cursor(Cursor(last.watched_at, last.video_id)) if last else None)
