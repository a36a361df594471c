"""Who is watching: an account, the bearer of a playback token, or anybody."""

import math
from typing import Literal, Protocol
from uuid import UUID

import msgspec

from matinee.common.errors import Forbidden
from matinee.common.http.authentication import Caller

Kind = Literal["video", "thumbnail", "storyboard", "download"]
"""What of a video: what is played and said of it; its still and moving pictures; its time line; its files."""


class Grant(msgspec.Struct, frozen=True):
    """What a playback token allows, once its signature holds and its bearer is whom it is meant for."""

    video_id: UUID
    kinds: frozenset[Kind]
    issuer: UUID | None = None
    """The account whose key signed it; None: the server."""
    account: Caller | None = None
    """Whom it stands for: it opens what that account may see, for as long as it may."""
    password_id: UUID | None = None
    """The password that its bearer knew."""
    since: float = 0.0
    """When that was, in seconds since the epoch; it may have been renewed meanwhile."""
    expires_at: float = math.inf
    """When the token ends, in seconds since the epoch."""
    is_bound: bool = False
    """Whether it is for some bearers alone."""
    start: float = 0.0
    end: float | None = None
    """Seconds of the video that it is about."""
    max_height: int | None = None
    """Lines of the largest picture; of an upright video, columns."""

    @property
    def is_partial(self) -> bool:
        """Whether it keeps a part of the video back."""
        return self.start > 0 or self.end is not None or self.max_height is not None


class Viewer(msgspec.Struct, frozen=True):
    """Whoever asks for something of a video."""

    caller: Caller | None = None
    grant: Grant | None = None
    prefix: str = ""
    """What stands before the paths that the viewer asks for: `/t/<token>`."""

    @property
    def expires_at(self) -> float:
        """When it must be asked again who it is, in seconds since the epoch."""
        return min(each.expires_at if each else math.inf for each in (self.caller, self.grant))


ANYBODY = Viewer()


class Bearer(msgspec.Struct, frozen=True):
    """Who presents a playback token, as far as the token may have rules about it."""

    address: str
    """The client's IP address."""
    site: str | None
    """The host of the page that asks, by its Origin or Referer."""
    country: str | None
    """ISO 3166-1 alpha-2, as a proxy in front of us says."""


class PlaybackTokenRefused(Forbidden):
    """The playback token in this address does not open it; ask for another where you got it."""

    code = "playback_token_refused"


class PlaybackTokenExpired(Forbidden):
    """The playback token in this address has expired; ask for another where you got it."""

    code = "playback_token_expired"


class Grants(Protocol):
    """What playback tokens are read by."""

    async def open(self, token: str, bearer: Bearer) -> Grant:
        """What the token allows its bearer. Raises PlaybackTokenRefused and PlaybackTokenExpired."""
        ...

    def known(self, token: str) -> Grant | None:
        """The same where it needs no look at anything; None says nothing about the token."""
        ...
