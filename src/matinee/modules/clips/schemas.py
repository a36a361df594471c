"""Wire types of clips."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from matinee.modules.videos.schemas import Description, Tags, Title, VisibilityChoice

_LONGEST = 1_000_000  # seconds; no video is as long


class NewClip(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A part of a video that is to be a video of its own."""

    start: Annotated[
        float,
        Meta(ge=0, le=_LONGEST, description="Seconds; the nearest frame is the clip's first.", examples=[62.48]),
    ]
    end: Annotated[
        float,
        Meta(
            ge=0,
            le=_LONGEST,
            description="Seconds; the nearest frame is the first one that the clip leaves out. Half a second after "
            "`start` or later; past the video's end it is that.",
            examples=[75.0],
        ),
    ]
    title: Title | UnsetType = UNSET  # the video's own
    description: Description = ""
    tags: Tags = []
    visibility: VisibilityChoice = "private"
