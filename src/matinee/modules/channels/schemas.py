"""Wire types of channels."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from matinee.common.http.pagination import PageQuery
from matinee.common.text import END, LINE, Text
from matinee.modules.channels.rules import HANDLE, MOST_LINKS, Kind

_UUID = "[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
ChannelRef = Annotated[
    str,
    Meta(
        pattern=f"^(@{HANDLE}|{_UUID}){END}",
        description="Which channel: its account's id, or `@` and its handle, also one that it had until lately.",
        examples=["@ada"],
    ),
]
Handle = Annotated[
    str,
    Meta(
        pattern=f"^{HANDLE}{END}",
        description="3 to 30 letters (a–z), digits, dots, underscores and hyphens, the first and the last of them "
        "letters or digits. Capitals are small ones.",
        examples=["ada"],
    ),
]
ChannelId = Annotated[
    str, Meta(description="The account's id.", extra_json_schema={"type": "string", "format": "uuid"})
]
HandleField = Annotated[str | None, Meta(description="Its handle, in small letters; null: none.", examples=["ada"])]
NameField = Annotated[str, Meta(description="The account's name.", examples=["Ada"])]
Avatar = Annotated[
    str | None,
    Meta(description="Where its picture is (JPEG, 320 by 320); another address when it changes. null: none."),
]
_Description = Annotated[
    Text, Meta(max_length=1000, description="Plain text, up to 1,000 characters.", examples=["Films of the sea."])
]


class Link(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Where else a channel is to be found."""

    title: Annotated[str, Meta(max_length=40, pattern=LINE, description="What it says; empty: the address.")] = ""
    url: Annotated[
        str,
        Meta(
            max_length=500,
            pattern=rf"^[Hh][Tt][Tt][Pp][Ss]?://[^\x00-\x20\x7f/?#]+[^\x00-\x20\x7f]*{END}",
            description="An address of the web.",
            examples=["https://ada.example.org/"],
        ),
    ]


_Links = Annotated[
    list[Link], Meta(max_length=MOST_LINKS, description=f"{MOST_LINKS} at most, in the order that they are shown in.")
]


class ChannelVideosQuery(PageQuery, kw_only=True):
    """Which page of a channel's videos."""

    sort: Annotated[
        Literal["newest", "views"],
        Meta(
            description="`newest`: the latest published first · `views`: the most watched first, in steps of a ninth."
        ),
    ] = "newest"


class Channel(msgspec.Struct, kw_only=True):
    """What an account shows of itself."""

    id: ChannelId
    kind: Annotated[Kind, Meta(description="Whether it is a person's or a team's.")]
    handle: HandleField
    name: NameField
    description: _Description
    links: _Links
    avatar: Avatar
    banner: Annotated[
        str | None,
        Meta(description="Where the picture above it is (JPEG, 1600 by 400); as `avatar`."),
    ]
    subscribers: Annotated[int, Meta(description="Accounts that are subscribed to it.")]
    videos: Annotated[int, Meta(description="Public videos that can be played.")]
    created_at: Annotated[datetime, Meta(description="When the account was registered.")]


class ChannelChange(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What to change; fields left out stay as they are."""

    handle: Annotated[Handle | None, Meta(description="null: it goes without.")] | UnsetType = UNSET
    description: _Description | UnsetType = UNSET
    links: _Links | UnsetType = UNSET


class HandleSuggestion(msgspec.Struct, kw_only=True):
    """A handle that a channel could have."""

    handle: Annotated[str, Meta(description="After the account's name; nobody has it now.", examples=["ada-2"])]
