"""What an export has of reactions: all of an account, also to what it may see no longer."""

from datetime import datetime
from uuid import UUID

import msgspec

from matinee.common.database import Connection, fetch_all
from matinee.common.http.pagination import Cursor, PageQuery, decode_cursor, encode_cursor
from matinee.modules.reactions.schemas import Kind


class ExportedReaction(msgspec.Struct, frozen=True):
    """What the account thinks of a video."""

    video_id: UUID
    kind: Kind
    created_at: datetime


class ExportedReactions(msgspec.Struct, frozen=True):
    """A page of them."""

    items: list[ExportedReaction]
    next_cursor: str | None


_LIST = """
SELECT video_id, kind, created_at FROM reactions
WHERE user_id = %s AND video_id > %s ORDER BY video_id LIMIT %s
"""
_FIRST = UUID(int=0)


async def list_reactions(db: Connection, user_id: UUID, query: PageQuery) -> ExportedReactions:
    """A page of what an account thinks of videos."""
    after = decode_cursor(query.cursor)
    rows = await fetch_all(db, ExportedReaction, _LIST, (user_id, after.id if after else _FIRST, query.limit))
    last = rows[-1] if len(rows) == query.limit else None
    return ExportedReactions(rows, encode_cursor(Cursor(last.created_at, last.video_id)) if last else None)
