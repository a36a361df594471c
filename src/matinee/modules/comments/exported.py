"""What an export has of comments: all that an account has said, wherever and whatever became of it."""

from datetime import datetime
from uuid import UUID

import msgspec

from matinee.common.whole_lists import by_id


class ExportedComment(msgspec.Struct, frozen=True):
    """A comment of one's own."""

    id: UUID
    video_id: UUID
    parent_id: UUID | None
    state: str
    text: str
    created_at: datetime
    edited_at: datetime | None


_LIST = """
SELECT id, video_id, parent_id, state, text, created_at, edited_at FROM comments
WHERE author_id = %(user)s AND id > %(after)s ORDER BY id LIMIT %(limit)s
"""

list_comments = by_id(ExportedComment, _LIST)
