"""Wire types of comments."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from matinee.common.http.pagination import PageQuery
from matinee.modules.comments.rules import (
    MOST_CHARACTERS,
    MOST_COUNTED,
    MOST_MENTIONS,
    Decision,
    Policy,
    Queue,
    Sort,
    State,
)
from matinee.modules.videos.schemas import VideoSummary

_UUID = {"type": "string", "format": "uuid"}
CommentId = Annotated[UUID, Meta(description="The comment's id.")]
_Id = Annotated[str, Meta(description="The comment's id.", extra_json_schema=_UUID)]
_OtherId = Annotated[str, Meta(extra_json_schema=_UUID)]
Words = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=MOST_CHARACTERS,
        description="Plain text. What cannot be seen is taken out of it: control characters, marks of direction. "
        "Addresses stay text.",
        examples=["The light at the end!"],
    ),
]
Mentions = Annotated[
    list[UUID],
    Meta(
        max_length=MOST_MENTIONS,
        description="Accounts that it speaks to: the video's owner and whose comments are seen; others are left out.",
    ),
]
PolicyField = Annotated[
    Policy,
    Meta(
        description="`open`: comments are shown at once · `held`: each waits for the owner · `off`: none is taken "
        "or shown."
    ),
]

ParentField = Annotated[_OtherId | None, Meta(description="The comment that it answers; null: none.")]
StateField = Annotated[
    State,
    Meta(
        description="`shown` · `held`: it waits for the video's owner · `hidden`: by him · `deleted`: only its "
        "place is left, for what answers it."
    ),
]
WrittenField = Annotated[datetime, Meta(description="When it was written.")]
EditedField = Annotated[datetime | None, Meta(description="When its text was last changed; null: never.")]


class NewComment(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A comment to be written."""

    text: Words
    parent_id: Annotated[UUID | None, Meta(description="The comment that it answers; null: it begins a thread.")] = (
        None
    )
    mentions: Mentions = []


class CommentChange(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A comment, said otherwise."""

    text: Words
    mentions: Mentions = []


class Person(msgspec.Struct, frozen=True):
    """An account, as others see it."""

    id: Annotated[str, Meta(description="The account's id.", extra_json_schema=_UUID)]
    name: Annotated[str, Meta(description="Its name.", examples=["Ada"])]


class Author(Person, frozen=True):
    """An account that has said something."""

    handle: Annotated[
        str | None, Meta(description="Its channel's handle, behind `@`; null: it has none.", examples=["ada"])
    ]
    avatar: Annotated[str | None, Meta(description="Where its channel's picture is; null: it has none.")]


class Comment(msgspec.Struct):
    """A comment."""

    id: _Id
    video_id: Annotated[str, Meta(description="The video that it is about.", extra_json_schema=_UUID)]
    root_id: Annotated[_OtherId | None, Meta(description="The top comment of its thread; null: it is one.")]
    parent_id: ParentField
    author: Annotated[Author | None, Meta(description="Who wrote it; null once it is deleted.")]
    state: StateField
    text: Annotated[
        str, Meta(description="Plain text; empty once it is deleted.", examples=["The light at the end!"])
    ]
    mentions: Annotated[list[Person], Meta(description="Accounts that it speaks to.")]
    replies: Annotated[int, Meta(description="How many are shown below it, where it is a top comment.")]
    likes: Annotated[int, Meta(description="How many accounts like it.")]
    liked: Annotated[bool, Meta(description="Whether the caller does.")]
    created_at: WrittenField
    edited_at: EditedField


class ReviewedComment(Comment):
    """A comment, as whoever moderates it sees it."""

    reports: Annotated[int, Meta(description="How many have reported it since it was last decided on.")]
    reasons: Annotated[list[str], Meta(description="What they said, ten at most, the newest first.")]


class OwnComment(msgspec.Struct):
    """A comment, as its author finds it again."""

    id: _Id
    video_id: Annotated[str, Meta(description="The video that it is about.", extra_json_schema=_UUID)]
    video: Annotated[VideoSummary | None, Meta(description="The same; null where you may see it no longer.")]
    parent_id: ParentField
    state: StateField
    text: Annotated[str, Meta(description="Plain text.", examples=["The light at the end!"])]
    created_at: WrittenField
    edited_at: EditedField


class CommentQuery(PageQuery, kw_only=True):
    """Which page, in which order."""

    sort: Annotated[Sort, Meta(description="`newest` first, or those with the most likes and replies.")] = "newest"


class ReviewQuery(PageQuery, kw_only=True):
    """Which page of what waits."""

    queue: Annotated[
        Queue, Meta(description="`held`: wait for approval · `reported`: by viewers · `hidden`: can be shown again.")
    ] = "held"


class CommentPage(msgspec.Struct, kw_only=True):
    """A page of a video's threads."""

    items: Annotated[list[Comment], Meta(description="As many as `limit` allows.")]
    next_cursor: Annotated[str | None, Meta(description="Pass it as `cursor` for the next page; null at the end.")]
    pinned: Annotated[
        Comment | None,
        Meta(description="What the owner has pinned, with the first page; it also stands in its place."),
    ]
    policy: PolicyField
    count: Annotated[int, Meta(description="How many comments are shown, replies among them.")]


class ReplyPage(msgspec.Struct, kw_only=True):
    """A page of what was answered below a comment, oldest first."""

    items: Annotated[list[Comment], Meta(description="As many as `limit` allows.")]
    next_cursor: Annotated[str | None, Meta(description="Pass it as `cursor` for the next page; null at the end.")]


class OwnCommentPage(msgspec.Struct, kw_only=True):
    """A page of what an account has said, newest first."""

    items: Annotated[list[OwnComment], Meta(description="As many as `limit` allows.")]
    next_cursor: Annotated[str | None, Meta(description="Pass it as `cursor` for the next page; null at the end.")]


class ReportedPage(msgspec.Struct, kw_only=True):
    """A page of comments that are reported, newest first."""

    items: Annotated[list[ReviewedComment], Meta(description="As many as `limit` allows.")]
    next_cursor: Annotated[str | None, Meta(description="Pass it as `cursor` for the next page; null at the end.")]
    reported: Annotated[int, Meta(description=f"How many are reported; {MOST_COUNTED} are so many or more.")]


class ReviewPage(ReportedPage, kw_only=True):
    """A page of comments on a video that wait for a decision, newest first."""

    held: Annotated[int, Meta(description=f"How many wait for approval; {MOST_COUNTED} are so many or more.")]


class CommentSettings(msgspec.Struct, kw_only=True):
    """What holds for the comments of a video."""

    policy: PolicyField
    pinned: Annotated[_OtherId | None, Meta(description="The comment that stands above all others; null: none.")]


class CommentSettingsChange(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What to change; fields left out stay as they are."""

    policy: PolicyField | UnsetType = UNSET
    pinned: Annotated[UUID | None, Meta(description="A top comment that is shown; null: none.")] | UnsetType = UNSET


class CommentDecision(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What becomes of a comment."""

    state: Annotated[Decision, Meta(description="`shown` approves it, `hidden` rejects it or takes it down.")]


class CommentReport(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Why a comment should be looked at."""

    reason: Annotated[
        str,
        Meta(min_length=1, max_length=200, description="A sentence for whoever decides.", examples=["It is spam."]),
    ]
