"""Rows → what is shown of them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from matinee.modules.channels.rules import picture_path
from matinee.modules.playlists.repository import ItemRow, OwnRow, PlaylistRow
from matinee.modules.playlists.schemas import OwnPlaylist, Playlist, PlaylistItem
from matinee.modules.videos.schemas import Owner, VideoSummary

Videos = Mapping[UUID, VideoSummary]
"""Those that the viewer may see."""


def playlist_of(row: PlaylistRow, videos: Videos) -> Playlist:
    """A playlist; `videos` has of its first ones what the viewer may see."""
    return Playlist(**_fields(row, videos))


def own_playlist_of(row: OwnRow, videos: Videos) -> OwnPlaylist:
    """A playlist, and where it holds the video that was asked about."""
    return OwnPlaylist(**_fields(row, videos), item_id=str(row.item_id) if row.item_id else None)


def item_of(row: ItemRow, position: int, videos: Videos) -> PlaylistItem:
    """An item; of a video that is not among `videos` its place alone."""
    return PlaylistItem(id=str(row.id), position=position, video=videos.get(row.video_id), added_at=row.added_at)


def _fields(row: PlaylistRow, videos: Videos) -> dict[str, Any]:
    seen = [videos[video_id] for video_id in row.first_videos if video_id in videos]
    cover = next((video.playback for video in seen if video.playback and video.playback.poster), None)
    return {
        "id": str(row.id),
        "owner": Owner(
            str(row.owner_id),
            row.owner_name,
            row.owner_handle,
            picture_path(row.owner_id, "avatar", row.owner_avatar),
        ),
        "kind": row.kind,
        "title": row.title,
        "description": row.description,
        "visibility": row.visibility,
        "items": row.items,
        "first_video": seen[0].id if seen else None,
        "poster": cover and cover.poster,
        "placeholder": cover and cover.placeholder,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }
