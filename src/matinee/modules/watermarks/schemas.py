"""Wire types of watermarks."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from matinee.media.model import Position
from matinee.modules.videos.schemas import Failure

PositionField = Annotated[Position, Meta(description="Which corner, edge or middle of the picture it keeps to.")]
Opacity = Annotated[
    float, Meta(ge=0, le=1, description="From 0, which cannot be seen, to 1; what is clear stays so.", examples=[0.7])
]
Width = Annotated[
    float,
    Meta(
        ge=0.01,
        le=1,
        description="How wide it is, as a share of the picture's width; smaller where it would be too high.",
        examples=[0.15],
    ),
]
Margin = Annotated[
    float,
    Meta(
        ge=0,
        le=0.5,
        description="How far it stays from the edges, as a share of the picture's width.",
        examples=[0.02],
    ),
]


class Placement(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Where a watermark lies, and how strong it is."""

    position: PositionField = "bottom-right"
    opacity: Opacity = 1.0
    width: Width = 0.15
    margin: Margin = 0.02


class PlacementChange(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What to change of it; fields left out stay as they are."""

    position: PositionField | UnsetType = UNSET
    opacity: Opacity | UnsetType = UNSET
    width: Width | UnsetType = UNSET
    margin: Margin | UnsetType = UNSET


class Watermark(msgspec.Struct, kw_only=True):
    """The watermark of a video."""

    position: PositionField
    opacity: Opacity
    width: Width
    margin: Margin
    image_width: Annotated[int, Meta(description="Pixels of the image as it is kept.", examples=[640])]
    image_height: Annotated[int, Meta(description="Pixels of the image as it is kept.", examples=[200])]
    origin: Annotated[Literal["owner", "server"], Meta(description="Whether the owner chose it, or the server.")]
    applied: Annotated[
        bool, Meta(description="Whether the video that plays has it; until then it plays as it was before.")
    ]
    failure: Annotated[Failure | None, Meta(description="Why it could not be applied; null where it can.")]
