"""Wire types of text tracks and chapters."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from matinee.common.text import LINE, TEXT
from matinee.media.captions.model import MAX_CUES, Format
from matinee.modules.videos.schemas import MenuLanguage, MenuName

MOST_CHAPTERS = 500
LONGEST_TITLE = 200

TrackId = Annotated[UUID, Meta(description="The text track's id.")]
Kind = Annotated[
    Literal["subtitles", "captions", "descriptions", "chapters", "metadata"],
    Meta(
        description="`subtitles`: what is said · `captions`: and what else is heard, for who cannot hear · "
        "`descriptions`: what is seen, to be read aloud · `chapters`: titles · `metadata`: data for programs."
    ),
]
Language = Annotated[MenuLanguage, Meta(examples=["en", "pt-BR"])]
Name = Annotated[MenuName, Meta(examples=["English (director's comments)"])]
Default = Annotated[bool, Meta(description="Shown unless the viewer chooses another; takes it from the one before.")]
State = Annotated[
    Literal["making", "ready", "failed"],
    Meta(description="`making`: a machine listens · `ready`: players have it · `failed`: `failure` says why."),
]
Forced = Annotated[bool, Meta(description="Subtitles for foreign words alone, which players show unasked.")]


class NewTrack(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What the uploaded file is."""

    language: Language
    name: Name = ""
    kind: Kind = "subtitles"
    default: Default = False
    forced: Forced = False


class TrackChange(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What to change; fields left out stay as they are."""

    language: Language | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    kind: Kind | UnsetType = UNSET
    default: Default | UnsetType = UNSET
    forced: Forced | UnsetType = UNSET


class NewMachineTrack(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is known of the sound that a machine is to caption."""

    language: Annotated[
        Language | None,
        Meta(description="What is spoken; without it, the machine finds out.", examples=["en", None]),
    ] = None


class TrackFailure(msgspec.Struct, kw_only=True, frozen=True):
    """Why a text track could not be made."""

    code: Annotated[str, Meta(description="For programs.", examples=["no_speech"])]
    detail: Annotated[str, Meta(description="For people.", examples=["No speech was heard."])]


class EditedCue(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Some text for some time."""

    start: Annotated[
        float, Meta(ge=0, le=864_000, description="Seconds from the start of the video.", examples=[1.5])
    ]
    end: Annotated[float, Meta(ge=0, le=864_000, description="When it goes, in seconds.", examples=[4.25])]
    text: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=5000,
            pattern=TEXT,
            description="WebVTT cue text; its lines as they are shown.",
            examples=["The sea was calm\nthat morning."],
        ),
    ]
    settings: Annotated[
        str,
        Meta(max_length=200, pattern=LINE, description="WebVTT cue settings: where it stands.", examples=["line:0"]),
    ] = ""


class Cues(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a text track says."""

    items: Annotated[
        list[EditedCue], Meta(min_length=1, max_length=MAX_CUES, description="All of its cues, by time.")
    ]


class TextTrack(msgspec.Struct, kw_only=True):
    """A text track of a video."""

    id: TrackId
    kind: Kind
    language: Language
    name: Name
    default: Default
    forced: Forced
    origin: Annotated[
        Literal["upload", "film", "speech"],
        Meta(description="Uploaded by itself, taken from the film, or made of the sound by a machine."),
    ]
    state: State
    percent: Annotated[float, Meta(ge=0, le=100, description="How much of the sound is heard; 100 of what is ready.")]
    failure: Annotated[TrackFailure | None, Meta(description="Why it could not be made.")]
    machine_made: Annotated[
        bool, Meta(description="Made by a machine, and edited by nobody since. Its name and the playlists say so.")
    ]
    probability: Annotated[
        Annotated[float, Meta(ge=0, le=1)] | None,
        Meta(description="How sure the machine is of the language; 1 where it was told."),
    ]
    format: Annotated[Format, Meta(description="What the file was before it became WebVTT.")]
    encoding: Annotated[
        str,
        Meta(
            description="How the file was read: as declared, as UTF, or else as `windows-1252`; then look at it.",
            examples=["utf-8"],
        ),
    ]
    cues: Annotated[int, Meta(description="How many cues it has.")]
    url: Annotated[str, Meta(description="The whole as WebVTT: a path below the public address.")]
    created_at: Annotated[datetime, Meta(description="When it was added.")]
    updated_at: Annotated[datetime, Meta(description="When it was last changed.")]


class TextTracks(msgspec.Struct, kw_only=True):
    """The text tracks of a video."""

    items: Annotated[list[TextTrack], Meta(description="All of them, 64 at most, in the order of the menu.")]


class Chapter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a video; it lasts until the next one begins."""

    start: Annotated[
        float, Meta(ge=0, le=864_000, description="Seconds from the start of the video.", examples=[62.5])
    ]
    title: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=LONGEST_TITLE,
            pattern=LINE,
            description="What the chapter is called.",
            examples=["The storm"],
        ),
    ]


class Chapters(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The chapters of a video."""

    items: Annotated[list[Chapter], Meta(max_length=MOST_CHAPTERS, description="In order; none: no chapters.")]
