"""Wire types of what is said in a video."""

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from matinee.modules.tracks.schemas import Language

MOST_LINES = 2000  # about an hour and a half of speech


class TranscriptLine(msgspec.Struct, frozen=True):
    """Something that is said."""

    start: Annotated[float, Meta(ge=0, description="Seconds from the start of the video.", examples=[62.5])]
    end: Annotated[float, Meta(ge=0, description="When it has been said, in seconds.", examples=[65.0])]
    text: Annotated[str, Meta(description="Plain text on one line.", examples=["The sea was calm that morning."])]


class Transcript(msgspec.Struct, kw_only=True):
    """Lines of what is said in a video, in order."""

    track_id: Annotated[UUID, Meta(description="The text track that it is made of.")]
    language: Annotated[str, Meta(description="BCP 47; `und` where it is not known.", examples=["en"])]
    machine_made: Annotated[bool, Meta(description="A machine wrote it, and nobody has read it since.")]
    items: Annotated[list[TranscriptLine], Meta(description="As many as `limit` allows.")]
    next_after: Annotated[
        Annotated[int, Meta(ge=1)] | None, Meta(description="Pass it as `after` for the next page; null at the end.")
    ]


class TextQuery(msgspec.Struct, kw_only=True):
    """In which language."""

    language: Language | UnsetType = UNSET


class TranscriptQuery(TextQuery, kw_only=True):
    """In which language, and which lines."""

    after: Annotated[int, Meta(ge=0, le=1_000_000, description="How many lines to leave out; `next_after`.")] = 0
    limit: Annotated[int, Meta(ge=1, le=MOST_LINES, description="How many lines a page holds at most.")] = 500
