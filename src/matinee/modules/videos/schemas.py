"""Wire types of videos."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from matinee.common.http.pagination import PageQuery
from matinee.common.text import END, LINE, TEXT
from matinee.media.captions.languages import PATTERN
from matinee.modules.encoding.schemas import Encoding
from matinee.modules.videos.rules import Choosable, Encryption, Status, Visibility

VideoId = Annotated[UUID, Meta(description="The video's id.")]
ONE_LINE = rf"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*{END}"
"""One line with something to read in it."""
Title = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=100,
        pattern=ONE_LINE,
        description="1 to 100 characters on one line.",
        examples=["A walk by the sea"],
    ),
]
Description = Annotated[
    str,
    Meta(
        max_length=1000,
        pattern=TEXT,
        description="Plain text, up to 1,000 characters.",
        examples=["Filmed in one take."],
    ),
]
Tags = Annotated[
    list[Annotated[str, Meta(min_length=1, max_length=50, pattern=ONE_LINE)]],
    Meta(
        max_length=20,
        description="What it is about, each up to 50 characters on one line. Of those that differ in case alone the "
        "first is kept.",
        examples=[["sea", "walks"]],
    ),
]
MenuLanguage = Annotated[
    str,
    Meta(
        pattern=PATTERN + END,
        max_length=64,
        description="BCP 47, as players get it; `und` where it is not known.",
    ),
]
"""Of what viewers choose among: sounds and texts."""
TextLanguage = Annotated[
    str,
    Meta(
        pattern=PATTERN + END,
        max_length=64,
        description="What its title and description are written in, as BCP 47; `und` where nobody said.",
        examples=["en"],
    ),
]
MenuName = Annotated[
    str, Meta(pattern=LINE, max_length=100, description="What the menu says; empty: the language's own name.")
]
VisibilityField = Annotated[
    Visibility,
    Meta(
        description=(
            "Who may watch, beside its owner and the people it is shared with. `public`: everybody, it is listed · "
            "`unlisted`: whoever has the link · `private`: nobody else · `signed`: whoever has a playback token · "
            "`password`: whoever knows its password."
        )
    ),
]
VisibilityChoice = Annotated[
    Choosable,
    Meta(description="Who may watch. A password is set by PUT videos/{video_id}/password; another choice drops it."),
]
EncryptionField = Annotated[
    Encryption,
    Meta(
        description="How players get its segments: `none` · `aes-128`: encrypted whole, for HLS alone · `cenc`, "
        "`cbcs`: encrypted sample by sample, for players with a decryption module."
    ),
]
OwnerField = Annotated[
    UUID | None,
    Meta(description="The team that it will belong to, of which you are an owner or editor; null: it is yours."),
]
StatusField = Annotated[Status, Meta(description="INITIATED → UPLOADING → PROCESSING → READY, or FAILED.")]


# Ids in answers are text: of one of asyncpg's UUIDs, str() takes 0.1 µs, msgspec 0.9, and a page has forty.
_UUID = {"type": "string", "format": "uuid"}


class Owner(msgspec.Struct, frozen=True):
    """Whose video it is."""

    id: Annotated[str, Meta(description="The user's id.", extra_json_schema=_UUID)]
    name: Annotated[str, Meta(description="The user's name.", examples=["Ada"])]
    handle: Annotated[
        str | None, Meta(description="Its channel's handle, behind `@`; null: it has none.", examples=["ada"])
    ]
    avatar: Annotated[str | None, Meta(description="Where its channel's picture is; null: it has none.")]


class Failure(msgspec.Struct, frozen=True):
    """Why the video cannot be played, unless POST videos/{video_id}/encoding/retry goes better."""

    code: Annotated[str, Meta(description="Stable; programs decide by it.", examples=["not_a_video"])]
    detail: Annotated[str, Meta(description="A sentence for people.")]


class Playback(msgspec.Struct, frozen=True):
    """Where to play the video: paths below the public address."""

    hls: Annotated[str, Meta(description="HLS multivariant playlist.")]
    dash: Annotated[
        str | None,
        Meta(description="DASH manifest over the same segments; null where they are encrypted by `aes-128`."),
    ]
    poster: Annotated[
        str | None, Meta(description="A still picture (JPEG), once it is made; changes when another one is chosen.")
    ]
    placeholder: Annotated[
        str | None,
        Meta(
            description="The poster's BlurHash (blurha.sh), to be painted until it is there.",
            examples=["LEHV6nWB2yk8pyo0adR*.7kCMdnj"],
        ),
    ]
    thumbnail: Annotated[
        str | None, Meta(description="A picture of any moment (JPEG): add `?time=&width=`; null for sound alone.")
    ]
    storyboard: Annotated[
        str | None, Meta(description="Tiles for the time line (JSON; `.vtt` for WebVTT), once they are made.")
    ]
    preview: Annotated[str | None, Meta(description="A short silent animation (WebP), once it is made.")]
    watch: Annotated[str, Meta(description="A page with title and player.")]
    embed: Annotated[str, Meta(description="A page with the player alone.")]


class ImportProgress(msgspec.Struct, frozen=True):
    """How much is here of a file that is fetched."""

    received: Annotated[int, Meta(description="Bytes.")]
    length: Annotated[int | None, Meta(description="Bytes of the whole file; null where its server does not tell.")]
    trouble: Annotated[
        str | None, Meta(description="Why the last try broke off, in a sentence; null where all is well.")
    ]


class VideoSummary(msgspec.Struct):
    """A video, as lists show it."""

    id: Annotated[str, Meta(description="The video's id.", extra_json_schema=_UUID)]
    owner: Annotated[Owner, Meta(description="Whose video it is.")]
    title: Annotated[str, Meta(description="Its title.", examples=["A walk by the sea"])]
    description: Annotated[str, Meta(description="Plain text.")]
    tags: Tags
    language: TextLanguage
    visibility: VisibilityField
    encryption: EncryptionField
    status: StatusField
    filename: Annotated[
        str | None,
        Meta(
            description="The file's name, for its owner and administrators; null for others and in public lists.",
            examples=["sea.mp4"],
        ),
    ]
    filesize: Annotated[
        int, Meta(description="The file's size in bytes; of one that is being fetched, what is known of it.")
    ]
    filetype: Annotated[str, Meta(description="The uploaded file's media type.", examples=["video/mp4"])]
    imported_from: Annotated[
        str | None,
        Meta(
            description="Where its file was fetched from, without the address's query, for its owner and "
            "administrators; null for others, and where it was uploaded.",
            examples=["https://films.example.org/sea.mp4"],
        ),
    ]
    duration: Annotated[float | None, Meta(description="Seconds; null until it is probed.")]
    width: Annotated[int | None, Meta(description="Display width in pixels; null for sound alone.")]
    height: Annotated[int | None, Meta(description="Display height in pixels; null for sound alone.")]
    failure: Annotated[Failure | None, Meta(description="Set when the status is FAILED.")]
    playback: Annotated[Playback | None, Meta(description="Set when the status is READY.")]
    created_at: Annotated[datetime, Meta(description="When its upload was begun.")]
    updated_at: Annotated[datetime, Meta(description="When it was last changed.")]
    ready_at: Annotated[datetime | None, Meta(description="When it became playable.")]
    published_at: Annotated[
        datetime | None,
        Meta(description="When it first was public and playable: what channels and feeds go by; null: it never was."),
    ]
    views: Annotated[
        int,
        Meta(description="How often it was watched, up to a minute ago; `GET videos/{video_id}/counts` is exact."),
    ]


class Video(VideoSummary):
    """A video with the progress of its encoding."""

    duplicate_of: Annotated[
        Annotated[str, Meta(extra_json_schema=_UUID)] | None,
        Meta(description="The owner's video that had the very same file before, for its owner and administrators."),
    ]
    encoding: Annotated[Encoding | None, Meta(description="What exists of it; null until it is planned.")]
    import_: Annotated[
        ImportProgress | None, Meta(description="How far its file is, where that is fetched and not here yet.")
    ] = msgspec.field(name="import")


class VideoPage(msgspec.Struct, kw_only=True):
    """A page of videos, newest first."""

    items: Annotated[list[VideoSummary], Meta(description="As many as `limit` allows.")]
    next_cursor: Annotated[str | None, Meta(description="Pass it as `cursor` for the next page; null at the end.")]


class MineQuery(PageQuery, kw_only=True):
    """Which page of one's own videos."""

    status: Annotated[Status, Meta(description="Only videos in this state.")] | UnsetType = UNSET
    owner: Annotated[UUID, Meta(description="A team whose videos are wanted; else yours.")] | UnsetType = UNSET


class VideoChange(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What to change; fields left out stay as they are."""

    title: Title | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    language: TextLanguage | UnsetType = UNSET
    visibility: VisibilityChoice | UnsetType = UNSET
    encryption: EncryptionField | UnsetType = UNSET
