"""Wire types of quotas."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

_MOST_BYTES = 2**60  # more than any bucket holds, and a JSON number that every program reads
_MOST_MINUTES = 2**31 - 1
_SET = "A number; `unlimited`; or null, then the server's quota holds."


class Limits(msgspec.Struct, frozen=True):
    """What an account may store; null is no limit."""

    bytes: Annotated[int | None, Meta(description="Bytes of uploaded files.", examples=[50_000_000_000])]
    minutes: Annotated[int | None, Meta(description="Minutes of video.", examples=[600])]


class Usage(msgspec.Struct, kw_only=True):
    """What an account stores, and may store."""

    bytes: Annotated[
        int,
        Meta(
            description="Bytes of uploaded files and sounds. An upload counts from its announcement on, and no more "
            "when it was aborted or has expired; a file from which clips were cut counts once.",
            examples=[1_234_567_890],
        ),
    ]
    minutes: Annotated[float, Meta(description="Minutes of all videos and clips.", examples=[42.5])]
    videos: Annotated[int, Meta(description="How many videos there are, unfinished uploads among them.")]
    quota: Annotated[Limits, Meta(description="What the account may store.")]


class UsageQuery(msgspec.Struct, kw_only=True):
    """Whose usage."""

    owner: Annotated[UUID, Meta(description="A team that you belong to; else it is yours.")] | UnsetType = UNSET


class QuotaChoice(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What an account may store, as an administrator sets it."""

    bytes: Annotated[
        Annotated[int, Meta(ge=0, le=_MOST_BYTES)] | Literal["unlimited"] | None,
        Meta(description=f"Bytes of uploaded files. {_SET}", examples=[50_000_000_000]),
    ] = None
    minutes: Annotated[
        Annotated[int, Meta(ge=0, le=_MOST_MINUTES)] | Literal["unlimited"] | None,
        Meta(description=f"Minutes of video. {_SET}", examples=[600]),
    ] = None


class AccountQuota(msgspec.Struct, kw_only=True):
    """An account's quota, as administrators see it."""

    chosen: Annotated[QuotaChoice, Meta(description="What was set for this account.")]
    usage: Annotated[Usage, Meta(description="What it stores, and may store.")]
