"""Wire types of playlists."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from matinee.common.http.pagination import PageQuery
from matinee.modules.playlists.rules import Kind, Visibility
from matinee.modules.videos.schemas import Description, Owner, Title, VideoSummary

PlaylistId = Annotated[UUID, Meta(description="The playlist's id.")]
ItemId = Annotated[UUID, Meta(description="The item's id.")]
AccountId = Annotated[UUID, Meta(description="A person's id, or a team's.")]
VisibilityField = Annotated[
    Visibility,
    Meta(
        description="Who may see it, beside its owner. `public`: everybody, it is listed · `unlisted`: whoever has "
        "its id · `private`: nobody else. Whatever it says, each sees those of its videos that he may see."
    ),
]
_UUID = {"type": "string", "format": "uuid"}


class Playlist(msgspec.Struct, kw_only=True):
    """A playlist."""

    id: Annotated[str, Meta(description="The playlist's id.", extra_json_schema=_UUID)]
    owner: Annotated[Owner, Meta(description="Whose it is: a person's, or a team's.")]
    kind: Annotated[
        Kind, Meta(description="`watch_later` is made in: each person has one; it stays, and is private.")
    ]
    title: Title
    description: Description
    visibility: VisibilityField
    items: Annotated[int, Meta(description="How many there are, places of videos that the caller may not see too.")]
    first_video: Annotated[
        Annotated[str, Meta(extra_json_schema=_UUID)] | None,
        Meta(description="The first of its videos, if he may see one of the first five: where to begin."),
    ]
    poster: Annotated[str | None, Meta(description="Of the first of those that has one.")]
    placeholder: Annotated[str | None, Meta(description="The poster's BlurHash, to be painted until it is there.")]
    created_at: Annotated[datetime, Meta(description="When it was made.")]
    updated_at: Annotated[datetime, Meta(description="When a video was added, or something else said of it.")]


class PlaylistPage(msgspec.Struct, kw_only=True):
    """A page of playlists, the last changed first."""

    items: Annotated[list[Playlist], Meta(description="As many as `limit` allows.")]
    next_cursor: Annotated[str | None, Meta(description="Pass it as `cursor` for the next page; null at the end.")]


class OwnPlaylist(Playlist, kw_only=True):
    """A playlist for whoever arranges it."""

    item_id: Annotated[
        str | None, Meta(description="The item that holds the `video` which was asked about; null: none.")
    ]


class OwnPlaylistPage(msgspec.Struct, kw_only=True):
    """A page of one's own playlists, the last changed first."""

    items: Annotated[list[OwnPlaylist], Meta(description="As many as `limit` allows.")]
    next_cursor: Annotated[str | None, Meta(description="Pass it as `cursor` for the next page; null at the end.")]


class OwnPlaylistQuery(PageQuery, kw_only=True):
    """Which page of one's own playlists."""

    owner: Annotated[UUID, Meta(description="A team whose playlists are wanted; else yours.")] | UnsetType = UNSET
    video: Annotated[UUID, Meta(description="A video: `item_id` tells where it is held.")] | UnsetType = UNSET


class NewPlaylist(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A playlist to be made."""

    title: Title
    description: Description = ""
    visibility: VisibilityField = "private"
    owner: Annotated[
        UUID | None,
        Meta(description="The team that it will belong to, of which you are an owner or editor; null: it is yours."),
    ] = None


class PlaylistChange(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What to change; fields left out stay as they are."""

    title: Title | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    visibility: VisibilityField | UnsetType = UNSET


class Place(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Where an item stands; with neither, at the end."""

    before: Annotated[UUID | None, Meta(description="The item that follows it.")] = None
    after: Annotated[UUID | None, Meta(description="The item that it follows.")] = None


class PlaylistItem(msgspec.Struct, kw_only=True):
    """A place in a playlist."""

    id: Annotated[str, Meta(description="The item's id.", extra_json_schema=_UUID)]
    position: Annotated[int, Meta(description="Which it is, from 1 on.")]
    video: Annotated[
        VideoSummary | None,
        Meta(description="The video, as lists show it; null where the caller may not see it, or it was deleted."),
    ]
    added_at: Annotated[datetime, Meta(description="When it was added.")]


class ItemQuery(PageQuery, kw_only=True):
    """Which page of a playlist."""

    around: (
        Annotated[UUID, Meta(description="Without a cursor: a video that the page should have in its middle.")]
        | UnsetType
    ) = UNSET


class ItemPage(msgspec.Struct, kw_only=True):
    """A page of a playlist, in its order."""

    items: Annotated[list[PlaylistItem], Meta(description="As many as `limit` allows.")]
    next_cursor: Annotated[str | None, Meta(description="Pass it as `cursor` for what follows; null at the end.")]
    previous_cursor: Annotated[
        str | None, Meta(description="Pass it as `cursor` for what comes before; null at the beginning.")
    ]
