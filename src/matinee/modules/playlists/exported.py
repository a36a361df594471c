"""What an export has of playlists: all of an account, with whatever is in them, in its order."""

from datetime import datetime
from uuid import UUID

import msgspec

from matinee.common.whole_lists import by_id
from matinee.modules.playlists.rules import Kind, Visibility


class ExportedPlaylist(msgspec.Struct, frozen=True):
    """A playlist, and the ids of its videos."""

    id: UUID
    kind: Kind
    title: str
    description: str
    visibility: Visibility
    created_at: datetime
    updated_at: datetime
    videos: list[UUID]


_LIST = """
SELECT p.id, p.kind, p.title, p.description, p.visibility, p.created_at, p.updated_at,
    ARRAY(SELECT i.video_id FROM playlist_items i WHERE i.playlist_id = p.id ORDER BY i.place) AS videos
FROM playlists p WHERE p.owner_id = %(user)s AND p.id > %(after)s ORDER BY p.id LIMIT %(limit)s
"""

list_playlists = by_id(ExportedPlaylist, _LIST)
