"""What an export has of reactions: all of an account, also to what it may see no longer."""

from datetime import datetime
from uuid import UUID

import msgspec

from matinee.common.whole_lists import by_id
from matinee.modules.reactions.schemas import Kind


class ExportedReaction(msgspec.Struct, frozen=True):
    """What the account thinks of a video."""

    video_id: UUID
    kind: Kind
    created_at: datetime


_LIST = """
SELECT video_id, kind, created_at FROM reactions
WHERE user_id = %(user)s AND video_id > %(after)s ORDER BY video_id LIMIT %(limit)s
"""

list_reactions = by_id(ExportedReaction, _LIST, id_name="video_id")
