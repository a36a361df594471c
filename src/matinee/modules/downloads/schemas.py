"""Wire types of downloads."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from matinee.common.text import END
from matinee.modules.downloads.rules import State

DownloadName = Annotated[
    str,
    Meta(
        pattern=rf"^[A-Za-z0-9][A-Za-z0-9._-]*{END}",
        max_length=64,
        description="A rendition's name, as `encoding.renditions` has it, such as `v720` or `audio`; or `original` "
        "for the uploaded file.",
        examples=["v720"],
    ),
]


class Download(msgspec.Struct, kw_only=True):
    """A file that a video is offered as."""

    name: Annotated[str, Meta(description="A rendition's name, or `original`.", examples=["v720"])]
    state: Annotated[
        State,
        Meta(
            description="`preparing`: what it is made of is being encoded · `ready`: it can be fetched · "
            "`failed`: it could not be made; offered again, it is tried again."
        ),
    ]
    percent: Annotated[
        float, Meta(ge=0, le=100, description="How much of what it is made of exists.", examples=[62.5])
    ]
    failure: Annotated[str | None, Meta(description="Why it could not be made.")]
    size: Annotated[int | None, Meta(description="Bytes, once it is ready.")]
    path: Annotated[
        str, Meta(description="Where to fetch it, below the public address; the answer names the file to be saved.")
    ]
    offered_at: Annotated[datetime, Meta(description="Since when it is offered.")]


class Downloads(msgspec.Struct, kw_only=True):
    """Every file that a video is offered as."""

    items: Annotated[list[Download], Meta(description="In the order in which they were offered.")]
    possible: Annotated[
        list[str],
        Meta(description="The names of all files that the caller may offer; none but for the video's owner."),
    ]
