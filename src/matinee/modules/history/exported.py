"""What an export has of the history: all that is noted, also of what the account may see no longer."""

from datetime import datetime
from uuid import UUID

import msgspec

from matinee.common.whole_lists import by_id
from matinee.modules.history.repository import KEPT


class ExportedWatch(msgspec.Struct, frozen=True):
    """A video that was watched."""

    video_id: UUID
    position: float
    watched_at: datetime


# By the video, not the time: what is watched while the pages are read neither comes twice nor is left out.
_LIST = f"""
SELECT video_id, position, watched_at FROM watch_history
WHERE user_id = %(user)s AND {KEPT} AND video_id > %(after)s ORDER BY video_id LIMIT %(limit)s
"""  # noqa: S608

list_watches = by_id(ExportedWatch, _LIST, id_name="video_id")
