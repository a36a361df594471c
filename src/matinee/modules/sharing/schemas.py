"""Wire types of sharing."""

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from matinee.common.text import LINE

Password = Annotated[
    str,
    Meta(
        min_length=8,
        max_length=128,
        description="8 to 128 characters. It is told to many; do not use one of your own.",
        examples=["winter garden"],
    ),
]


class NewViewer(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Somebody to share the video with."""

    email: Annotated[
        str,
        Meta(
            min_length=3, max_length=320, pattern=LINE, description="Of an account.", examples=["grace@example.org"]
        ),
    ]


class SharedWith(msgspec.Struct, frozen=True):
    """An account that a video is shared with."""

    id: Annotated[UUID, Meta(description="The account's id.")]
    name: Annotated[str, Meta(description="Its name.", examples=["Grace"])]


class Viewers(msgspec.Struct, kw_only=True):
    """Whom a video is shared with."""

    items: Annotated[list[SharedWith], Meta(description="By name; a hundred at most.")]


class NewPassword(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What opens the video from now on."""

    password: Password
