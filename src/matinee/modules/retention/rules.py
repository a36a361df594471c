"""What may be evicted, and what that would save. Pure."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Literal, get_args

import msgspec

from matinee.media.model import Offer
from matinee.modules.encoding.policy import Policy

FOR_EVER = 0  # days
OFFERED_DAYS = (7, 30, 90)  # what is worked out for whoever thinks about a policy


class KeepPolicy(msgspec.Struct, frozen=True):
    """What is made without being watched, and how long it is kept without being watched."""

    encode_policy: Policy
    keep_days: int
    """FOR_EVER, or days."""
    codecs: tuple[Offer, ...] = ("h264",)


class KeepChoice(msgspec.Struct, frozen=True):
    """What the owner has chosen; None leaves it to the server."""

    encode_policy: Policy | None
    keep_days: int | None
    codecs: tuple[Offer, ...] | None = None

    def over(self, default: KeepPolicy) -> KeepPolicy:
        """What holds."""
        return KeepPolicy(
            self.encode_policy or default.encode_policy,
            default.keep_days if self.keep_days is None else self.keep_days,
            in_order(default.codecs if self.codecs is None else self.codecs),
        )


class StoredRendition(msgspec.Struct, frozen=True):
    """How much of a rendition is stored, and when something of it was last of use."""

    name: str
    kind: Literal["video", "audio"]
    cells: int
    cells_stored: int
    bytes: int
    watched_at: datetime | None
    used_at: datetime | None
    """When it was last watched, or first made where that is later; None where nothing of it is stored."""
    offered: bool = False
    """Whether it is offered for download: then it is kept whole."""


def in_order(codecs: Collection[Offer]) -> tuple[Offer, ...]:
    """Each once, H.264 first, which is always there."""
    return tuple(offer for offer in get_args(Offer) if offer in codecs or offer == "h264")


def evictable(renditions: Sequence[StoredRendition], *, seekable: bool) -> list[StoredRendition]:
    """Those that come back when somebody wants them: every rung but the lowest, of a source that can be entered."""
    return [r for r in renditions[1:] if r.kind == "video" and not r.offered] if seekable else []


def saved_bytes(renditions: Sequence[StoredRendition], days: int, now: datetime) -> int:
    """What would be free today if these were kept for so many days without a viewer."""
    unused_since = now - timedelta(days=days)
    return sum(r.bytes for r in renditions if r.used_at is not None and r.used_at < unused_since)
