"""What an export has of comments: all that an account has said, wherever and whatever became of it."""

from matinee.common.whole_lists import by_id
from matinee.modules.comments.repository import OwnRow

_LIST = """
SELECT id, video_id, parent_id, state, text, created_at, edited_at FROM comments
WHERE author_id = %(user)s AND id > %(after)s ORDER BY id LIMIT %(limit)s
"""

list_comments = by_id(OwnRow, _LIST)
