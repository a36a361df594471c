"""Wire types of what was watched."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from matinee.modules.videos.schemas import VideoSummary

Paused = Annotated[bool, Meta(description="Whether nothing is noted of what the account watches.")]


class NewPosition(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Where a player is."""

    position: Annotated[float, Meta(ge=0, le=31_536_000, description="Seconds into the video.", examples=[754.2])]


class Position(msgspec.Struct, kw_only=True):
    """Where a video goes on."""

    position: Annotated[
        float | None, Meta(description="Seconds; null: from the beginning, for nothing or all of it was seen.")
    ]


class WatchedVideo(msgspec.Struct, kw_only=True):
    """A video that was watched."""

    video: Annotated[VideoSummary, Meta(description="The video, as lists show it.")]
    position: Annotated[float, Meta(description="Seconds that the account was into it last.")]
    watched_at: Annotated[datetime, Meta(description="When that was.")]


class HistoryPage(msgspec.Struct, kw_only=True):
    """A page of what was watched, the latest first."""

    items: Annotated[
        list[WatchedVideo],
        Meta(description="As many as `limit` allows, without those that the account may see no longer."),
    ]
    next_cursor: Annotated[str | None, Meta(description="Pass it as `cursor` for the next page; null at the end.")]
    paused: Paused


class HistorySettings(msgspec.Struct, kw_only=True):
    """What holds for an account's history."""

    paused: Paused


class HistoryChange(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What to change; fields left out stay as they are."""

    paused: Paused | UnsetType = UNSET
