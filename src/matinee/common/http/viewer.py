"""Who is watching: an account, the bearer of a playback token, or anybody."""

from typing import Literal
from uuid import UUID

import msgspec

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


ANYBODY = Viewer()
