"""Wire types of what is kept of a video."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from matinee.modules.encoding.schemas import Codecs, EncodePolicy

KeepDays = Annotated[
    int,
    Meta(
        ge=0,
        le=36_500,
        description="A quality that nobody has watched for so many days is deleted and made anew when somebody does; "
        "the lowest that was made, the sound and the uploaded file stay. 0: it is kept for ever.",
        examples=[30],
    ),
]
_CHOSEN = "null: the server's setting holds."


class StorageChoice(msgspec.Struct, kw_only=True):
    """What was chosen for this video."""

    encode_policy: Annotated[EncodePolicy | None, Meta(description=_CHOSEN)]
    keep_days: Annotated[KeepDays | None, Meta(description=_CHOSEN)]
    codecs: Annotated[Codecs | None, Meta(description=_CHOSEN)]


class StoragePolicy(msgspec.Struct, kw_only=True):
    """What holds for this video."""

    encode_policy: EncodePolicy
    keep_days: KeepDays
    codecs: Codecs


class StorageChange(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What to choose; fields left out stay as they are."""

    encode_policy: Annotated[EncodePolicy | None, Meta(description=_CHOSEN)] | UnsetType = UNSET
    keep_days: Annotated[KeepDays | None, Meta(description=_CHOSEN)] | UnsetType = UNSET
    codecs: Annotated[Codecs | None, Meta(description=_CHOSEN)] | UnsetType = UNSET


class RenditionStorage(msgspec.Struct, kw_only=True):
    """What a rendition takes."""

    name: Annotated[str, Meta(description="The rendition's name.", examples=["v720"])]
    kind: Annotated[Literal["video", "audio"], Meta(description="Picture or sound.")]
    cells: Annotated[int, Meta(description="Segments that it has when it is complete.")]
    cells_stored: Annotated[int, Meta(description="Segments that are stored.")]
    bytes: Annotated[int, Meta(description="Bytes that they take.")]
    watched_at: Annotated[
        datetime | None, Meta(description="When something of it was last watched, to the hour; null: never.")
    ]
    evictable: Annotated[bool, Meta(description="Whether `keep_days` may delete it.")]


class StorageSaving(msgspec.Struct, kw_only=True):
    """What a policy would free today."""

    keep_days: Annotated[int, Meta(description="Days without a viewer.", examples=[30])]
    bytes: Annotated[int, Meta(description="Bytes of the qualities that nobody has watched for so long.")]


class VideoStorage(msgspec.Struct, kw_only=True):
    """What a video takes in the object storage, and what it could do without."""

    source_bytes: Annotated[int, Meta(description="The uploaded file; 0 until it is complete.")]
    renditions: Annotated[
        list[RenditionStorage],
        Meta(description="Lowest quality first, then other codecs, then sound; what was added later comes last."),
    ]
    rendition_bytes: Annotated[int, Meta(description="All renditions together.")]
    evictable_bytes: Annotated[int, Meta(description="Of these, what could be deleted and made anew when watched.")]
    savings: Annotated[list[StorageSaving], Meta(description="What some values of `keep_days` would free today.")]
    chosen: Annotated[StorageChoice, Meta(description="What was chosen for this video.")]
    effective: Annotated[StoragePolicy, Meta(description="What holds: the choice, else the server's settings.")]
