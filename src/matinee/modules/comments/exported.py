"""What an export has of comments: all that an account has said, wherever and whatever became of it."""

from datetime import datetime
from uuid import UUID

import msgspec

from matinee.common.database import Connection, fetch_all
from matinee.common.http.pagination import Cursor, PageQuery, decode_cursor, encode_cursor


class ExportedComment(msgspec.Struct, frozen=True):
    """A comment of one's own."""

    id: UUID
    video_id: UUID
    parent_id: UUID | None
    state: str
    text: str
    created_at: datetime
    edited_at: datetime | None


class ExportedComments(msgspec.Struct, frozen=True):
    """A page of them."""

    items: list[ExportedComment]
    next_cursor: str | None


_LIST = """
SELECT id, video_id, parent_id, state, text, created_at, edited_at FROM comments
WHERE author_id = %s AND id > %s ORDER BY id LIMIT %s
"""
_FIRST = UUID(int=0)


async def list_comments(db: Connection, user_id: UUID, query: PageQuery) -> ExportedComments:
    """A page of what an account has said."""
    after = decode_cursor(query.cursor)
    rows = await fetch_all(db, ExportedComment, _LIST, (user_id, after.id if after else _FIRST, query.limit))
    last = rows[-1] if len(rows) == query.limit else None
    return ExportedComments(rows, encode_cursor(Cursor(last.created_at, last.id)) if last else None)
