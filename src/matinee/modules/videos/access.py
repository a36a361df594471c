"""Who may see a video: the one check in front of every byte, whichever module it comes from."""

from collections.abc import Sequence
from typing import Protocol, TypeVar
from uuid import UUID

import msgspec

from matinee.common.http.authentication import Caller
from matinee.common.http.viewer import Kind, Viewer
from matinee.modules.teams.rules import EDITORS
from matinee.modules.videos.errors import PasswordRequired, VideoNotFound
from matinee.modules.videos.rules import OPEN, Visibility


class Guarded(Protocol):
    """A video, as far as it matters who may see it."""

    @property
    def owner_id(self) -> UUID: ...
    @property
    def visibility(self) -> Visibility: ...
    @property
    def viewers(self) -> Sequence[UUID]:
        """The accounts that it is shared with."""

    @property
    def password_id(self) -> UUID | None:
        """Which password opens it; another at each change."""

    @property
    def is_withheld(self) -> bool:
        """Whether it is kept from everybody, because its owner is suspended."""


# How GuardedFacts are read of a video `v`. Whether its owner is suspended stands with the account alone, so that it
# holds for all of his videos at once, and for those that are still on their way.
GUARDED = """
v.owner_id, v.visibility, v.viewers, v.password_id,
(SELECT o.shut_at IS NOT NULL FROM users o WHERE o.id = v.owner_id) AS is_withheld
"""


# How videos `v` are found that everybody is shown, once their owner is known not to be shut out.
PUBLISHED = "v.deleted_at IS NULL AND v.visibility = 'public' AND v.status = 'READY' AND v.replaces IS NULL"


class GuardedFacts(msgspec.Struct, frozen=True):
    """What is known of a video by whoever delivers something of it."""

    owner_id: UUID
    visibility: Visibility
    viewers: list[UUID]
    password_id: UUID | None
    is_withheld: bool

    @property
    def is_private(self) -> bool:
        """Whether no cache but the viewer's own may keep what belongs to it."""
        return self.visibility not in OPEN


def may_change(caller: Caller | None, owner_id: UUID) -> bool:
    """Whether the caller may edit or delete the video."""
    return caller is not None and (caller.role == "ADMIN" or is_own(caller, owner_id))


def is_own(caller: Caller, owner_id: UUID) -> bool:
    """Whether it is the caller's video, or one of a team that he is an owner or an editor of."""
    return caller.user_id == owner_id or caller.teams.get(owner_id) in EDITORS


def may_see(viewer: Viewer, video_id: UUID, video: Guarded, kind: Kind = "video") -> bool:
    """Whether the viewer may have that of the video, or know that it exists.

    Who came with a token has what the token allows, and nothing besides.
    """
    grant = viewer.grant
    if video.is_withheld and not _is_administrator(viewer):
        return False
    if grant is None:
        return _is_open_to(viewer.caller, video)
    if grant.is_partial and kind != "video":  # pictures and files show the whole
        return False
    if grant.video_id != video_id or kind not in grant.kinds or grant.issuer not in (None, video.owner_id):
        return False
    if grant.account is not None:
        return _is_open_to(grant.account, video)
    if grant.password_id is not None:
        return video.visibility in OPEN or (video.visibility == "password" and grant.password_id == video.password_id)
    # Signed for whoever holds it: a video that is private, or wants a password, is so whatever was signed before.
    return video.visibility in OPEN or video.visibility == "signed"


def _is_administrator(viewer: Viewer) -> bool:
    caller = viewer.grant.account if viewer.grant else viewer.caller
    return caller is not None and caller.role == "ADMIN"


def _is_open_to(caller: Caller | None, video: Guarded) -> bool:
    if video.visibility in OPEN or may_change(caller, video.owner_id):
        return True
    return caller is not None and (caller.user_id in video.viewers or video.owner_id in caller.teams)


def may_change_as(viewer: Viewer, owner_id: UUID) -> bool:
    """Whether the viewer sees it as its owner does. Who came with a token does not, whoever it is."""
    return viewer.grant is None and may_change(viewer.caller, owner_id)


Facts = TypeVar("Facts", bound=Guarded)


def seen(viewer: Viewer, video_id: UUID, video: Facts | None, kind: Kind = "video") -> Facts:
    """The video, for a viewer who may see it.

    Raises VideoNotFound for others, as where there is none; PasswordRequired where they can help themselves.
    """
    if video is not None:
        if may_see(viewer, video_id, video, kind):
            return video
        if video.visibility == "password" and not video.is_withheld:
            raise PasswordRequired
    raise VideoNotFound
