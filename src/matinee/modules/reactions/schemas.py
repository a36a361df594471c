"""Wire types of reactions."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Kind = Literal["like", "dislike"]
KindField = Annotated[Kind, Meta(description="`like` or `dislike`.")]


class Reaction(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What an account thinks of a video."""

    kind: KindField


class VideoCounts(msgspec.Struct, kw_only=True):
    """How many of a video, to the last one."""

    views: Annotated[int, Meta(description="Viewers that have watched it, each once a day.")]
    likes: Annotated[int, Meta(description="Accounts that like it.")]
    dislikes: Annotated[int, Meta(description="Accounts that do not.")]
    comments: Annotated[int, Meta(description="Comments that are shown.")]
    reaction: Annotated[KindField | None, Meta(description="The caller's own; null: none.")]
