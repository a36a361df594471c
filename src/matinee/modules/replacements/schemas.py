"""Wire types of replacements."""

from typing import Annotated

import msgspec
from msgspec import Meta

from matinee.modules.uploads.schemas import FileHash, FileName, FileSize, FileTypeField

_LONGEST = 1_000_000  # seconds; no video is as long


class NewSource(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Another file for a video."""

    filename: FileName
    filesize: FileSize
    filetype: FileTypeField
    sha256: FileHash = None


class Trim(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The part of a video that is left."""

    start: Annotated[
        float,
        Meta(ge=0, le=_LONGEST, description="Seconds; the nearest frame becomes the first.", examples=[4.2]),
    ]
    end: Annotated[
        float,
        Meta(
            ge=0,
            le=_LONGEST,
            description="Seconds; the nearest frame is the first one that is left out. Half a second after `start` "
            "or later; past the video's end it is that.",
            examples=[1795.0],
        ),
    ]
