"""Wire types of pictures."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from matinee.media.thumbnails import Fit, Format

_LONGEST = 1_000_000  # seconds; no video is as long

Extension = Annotated[Format, Meta(description="The format of the picture.")]
Sheet = Annotated[int, Meta(ge=0, lt=1000, description="The sheet's place in the storyboard, from 0.")]


class PosterChoice(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which frame of the video becomes its poster."""

    time: Annotated[
        float,
        Meta(ge=0, le=_LONGEST, description="Seconds; past the end it is the last frame.", examples=[12.48]),
    ]


class VersionQuery(msgspec.Struct, kw_only=True):
    """Which version of a picture, as the addresses that are given out name it."""

    v: (
        Annotated[str, Meta(min_length=1, max_length=64, description="The version; left out, it is the present one.")]
        | UnsetType
    ) = UNSET

    @property
    def version(self) -> str | None:
        return None if self.v is UNSET else self.v


class ThumbnailQuery(msgspec.Struct, kw_only=True):
    """Which picture, and how large."""

    time: (
        Annotated[
            float,
            Meta(
                ge=0,
                le=_LONGEST,
                description="Seconds; the picture is the one at the beginning of its segment of about four seconds. "
                "Left out, it is the middle of the video.",
            ),
        ]
        | UnsetType
    ) = UNSET
    width: Annotated[
        int,
        Meta(
            ge=1,
            le=4096,
            description="Pixels; the next of 80, 160, 320, 480, 640, 960, 1280 is given, and never more than the "
            "video has.",
        ),
    ] = 640
    height: (
        Annotated[int, Meta(ge=1, le=4096, description="Pixels; left out, it follows from the width.")] | UnsetType
    ) = UNSET
    fit: Annotated[
        Fit,
        Meta(
            description="`contain`: the whole picture, within width and height · `cover`: cropped to the nearest "
            "shape of 16:9, 4:3, 1:1, 3:4, 9:16."
        ),
    ] = "contain"


class Storyboard(msgspec.Struct, kw_only=True):
    """Small pictures of the whole video on a few sheets.

    The tile of a time is `floor((time + lead) / interval)`, at least 0 and at most `tiles - 1`, counted in reading
    order, sheet after sheet.
    """

    tile_width: Annotated[int, Meta(description="Pixels.", examples=[160])]
    tile_height: Annotated[int, Meta(description="Pixels.", examples=[90])]
    columns: Annotated[int, Meta(description="Tiles in a row of a sheet.", examples=[10])]
    rows: Annotated[int, Meta(description="Rows of a full sheet; the last sheet may have fewer.", examples=[10])]
    tiles: Annotated[int, Meta(description="Tiles altogether.", examples=[150])]
    interval: Annotated[float, Meta(description="Seconds that a tile stands for.", examples=[4.0])]
    lead: Annotated[
        float, Meta(description="Seconds that the first tile is shorter than the others.", examples=[3.0])
    ]
    duration: Annotated[float, Meta(description="Seconds of the video.", examples=[597.5])]
    sheets: Annotated[list[str], Meta(description="Their addresses (JPEG), in order.")]
