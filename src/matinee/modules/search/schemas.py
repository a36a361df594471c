"""Wire types of searching."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from matinee.common.http.pagination import PageQuery
from matinee.common.text import END, LINE
from matinee.modules.videos.schemas import VideoSummary

Wanted = Annotated[
    str,
    Meta(
        max_length=200,
        pattern=LINE,
        description='Words that are all wanted, "phrases" and -words that are not; empty: what the filters let '
        "through. The last word may be unfinished. Twelve are looked for.",
        examples=['walk "by the sea" -rain'],
    ),
]
Sort = Annotated[
    Literal["relevance", "newest", "views"],
    Meta(description="`relevance`: where the words stand, then how often it was watched · `newest` · `views`."),
]
Tongue = Annotated[str, Meta(pattern=rf"^[a-z]{{2,3}}{END}", examples=["en"])]
"""The first part of a language tag."""
Seconds = Annotated[float, Meta(ge=0)]
Span = Annotated[
    list[int], Meta(min_length=2, max_length=2, description="From which character to which: [start, end).")
]


class SearchQuery(PageQuery, kw_only=True):
    """What is looked for."""

    q: Wanted = ""
    sort: Sort = "relevance"
    tag: Annotated[str, Meta(max_length=50, description="A tag that it has.")] | UnsetType = UNSET
    owner: Annotated[UUID, Meta(description="Whose; one's own and a team's in every state.")] | UnsetType = UNSET
    language: Annotated[Tongue, Meta(description="Of title and description.")] | UnsetType = UNSET
    captions: Annotated[Tongue, Meta(description="Of its subtitles.")] | UnsetType = UNSET
    min_duration: Annotated[Seconds, Meta(description="Seconds, at least.")] | UnsetType = UNSET
    max_duration: Annotated[Seconds, Meta(description="Seconds, at most.")] | UnsetType = UNSET
    created_after: Annotated[datetime, Meta(tz=True, description="Uploaded then or later.")] | UnsetType = UNSET
    created_before: Annotated[datetime, Meta(tz=True, description="Uploaded before.")] | UnsetType = UNSET


class Snippet(msgspec.Struct, frozen=True):
    """A part of a text, and where the words stand in it. Plain text."""

    text: Annotated[str, Meta(description="Plain text, up to 160 characters.")]
    matches: Annotated[list[Span], Meta(description="In characters (code points) of `text`.")]


class Spoken(msgspec.Struct, frozen=True):
    """A line of the captions that has the words."""

    time: Annotated[float, Meta(description="Seconds from the beginning of the video.")]
    language: Annotated[str, Meta(description="BCP 47.")]
    line: Annotated[Snippet, Meta(description="What is said.")]


class Hit(msgspec.Struct, frozen=True):
    """A video that was found, and why."""

    video: Annotated[VideoSummary, Meta(description="As lists show it.")]
    title: Annotated[list[Span], Meta(description="Where the words stand in its title, in code points.")]
    description: Annotated[Snippet | None, Meta(description="Of its description, if they stand there.")]
    spoken: Annotated[list[Spoken], Meta(description="Up to three lines of what is said.")]


class SearchPage(msgspec.Struct, frozen=True):
    """What was found."""

    items: Annotated[list[Hit], Meta(description="As many as `limit` allows; fewer are not always the end.")]
    next_cursor: Annotated[str | None, Meta(description="Pass it as `cursor` for the next page; null at the end.")]
    corrected: Annotated[
        str | None, Meta(description="What was looked for instead, where words of `q` stand nowhere; null otherwise.")
    ]


class SuggestionQuery(msgspec.Struct, kw_only=True):
    """What was typed so far."""

    q: Annotated[str, Meta(max_length=100, pattern=LINE, description="As far as it is typed.")] = ""


class Suggestions(msgspec.Struct, frozen=True):
    """What may be meant."""

    items: Annotated[list[str], Meta(max_length=8, description="Whole queries, the commonest first.")]
