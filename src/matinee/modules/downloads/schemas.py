"""Wire types of downloads."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from matinee.common.text import END

Allowed = Literal["none", "renditions", "original"]
AllowedField = Annotated[
    Allowed,
    Meta(
        description="What those may download who may watch: `none` · `renditions`: what was encoded · `original`: and "
        "the uploaded file. Its owner may always."
    ),
]
FileName = Annotated[
    str,
    Meta(
        pattern=rf"^[A-Za-z0-9][A-Za-z0-9._-]*{END}",
        max_length=80,
        description="The file, as the list of downloads names it.",
        examples=["v720.mp4"],
    ),
]


class Download(msgspec.Struct, kw_only=True):
    """A file that can be downloaded."""

    name: FileName
    kind: Annotated[
        Literal["video", "audio", "original"],
        Meta(description="Picture with sound · sound alone · the file as it was uploaded."),
    ]
    width: Annotated[int | None, Meta(description="Pixels; null for sound alone and the original.")]
    height: Annotated[int | None, Meta(description="Pixels; null for sound alone and the original.")]
    complete: Annotated[bool, Meta(description="Whether all of it is encoded; before that it cannot be downloaded.")]
    bytes: Annotated[
        int | None, Meta(description="Its size: exact for the original, else of what is encoded, without the header.")
    ]
    url: Annotated[str, Meta(description="Where it is: a path below the public address.")]


class Downloads(msgspec.Struct, kw_only=True):
    """The files of a video that the caller may download."""

    allowed: AllowedField
    items: Annotated[
        list[Download], Meta(description="The largest picture first, then the sound, then the original.")
    ]


class DownloadPolicy(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Who may download what."""

    allowed: AllowedField
