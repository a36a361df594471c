"""Wire types of sounds."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from matinee.common.text import END
from matinee.modules.uploads.schemas import FileName, SignedPart
from matinee.modules.videos.schemas import Failure, MenuLanguage, MenuName

LARGEST_FILE = 5 * 1024**3  # bytes: sixteen hours of uncompressed stereo
State = Literal["uploading", "processing", "ready", "failed"]

SoundId = Annotated[
    str,
    Meta(
        pattern=rf"^[a-z0-9][a-z0-9-]{{0,63}}{END}",
        description="The sound's id: the name of its rendition.",
        examples=["audio2"],
    ),
]
Language = Annotated[MenuLanguage, Meta(examples=["de", "pt-BR"])]
Name = Annotated[MenuName, Meta(examples=["Director's comments"])]
Default = Annotated[bool, Meta(description="Plays unless the viewer chooses another; takes it from the one before.")]


class NewSound(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A sound to be uploaded."""

    filename: FileName
    filesize: Annotated[int, Meta(ge=1, le=LARGEST_FILE, description="Bytes.", examples=[48_211_934])]
    language: Language
    name: Name = ""
    default: Default = False


class SoundChange(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What to change; fields left out stay as they are."""

    language: Language | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    default: Default | UnsetType = UNSET


class Sound(msgspec.Struct, kw_only=True):
    """A sound of a video."""

    id: SoundId
    language: Language
    name: Name
    default: Default
    origin: Annotated[Literal["film", "upload"], Meta(description="Of the video's own file, or added.")]
    state: Annotated[
        State,
        Meta(
            description="`uploading`: its file is awaited · `processing`: it is looked at · `ready`: players are "
            "offered it · `failed`: its file is of no use; `failure` says why."
        ),
    ]
    channels: Annotated[
        int | None, Meta(description="1, 2, or 6 where it is offered as 5.1 beside stereo; null before `ready`.")
    ]
    gain: Annotated[
        float | None, Meta(description="Decibels it was made louder by; null as long as that is not known.")
    ]
    failure: Annotated[Failure | None, Meta(description="Set when the state is `failed`.")]


class Sounds(msgspec.Struct, kw_only=True):
    """The sounds of a video."""

    items: Annotated[list[Sound], Meta(description="The default one first; those that are not ready last.")]


class SoundUpload(msgspec.Struct, kw_only=True):
    """A sound that was announced, and how to upload its file."""

    sound: Annotated[Sound, Meta(description="The new sound, `uploading`.")]
    part_size: Annotated[int, Meta(description="Bytes of each part but the last.", examples=[16_777_216])]
    parts: Annotated[list[SignedPart], Meta(description="Where to PUT each part; then complete.")]
    expires_at: Annotated[
        datetime, Meta(description="When the upload is dropped; its addresses stop working by then.")
    ]
