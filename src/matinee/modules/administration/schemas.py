"""Wire types of administration."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from matinee.common.http.authentication import Role
from matinee.common.http.pagination import PageQuery
from matinee.common.text import LINE
from matinee.modules.auth.schemas import Proof
from matinee.modules.quotas.schemas import Usage

AccountKind = Literal["user", "team"]
UserId = Annotated[UUID, Meta(description="The account's id.")]


class UsersQuery(PageQuery, kw_only=True):
    """Which accounts."""

    q: (
        Annotated[
            str, Meta(min_length=3, max_length=100, pattern=LINE, description="Part of the name or e-mail address.")
        ]
        | UnsetType
    ) = UNSET
    kind: Annotated[AccountKind, Meta(description="People, or teams.")] = "user"
    role: Annotated[Role, Meta(description="Only accounts with this role.")] | UnsetType = UNSET
    suspended: Annotated[bool, Meta(description="Only those that are suspended, or are not.")] | UnsetType = UNSET
    email_verified: (
        Annotated[bool, Meta(description="Only those whose address is verified, or is not.")] | UnsetType
    ) = UNSET


class Suspension(msgspec.Struct, frozen=True):
    """That an account is shut out."""

    at: Annotated[datetime, Meta(description="Since when.")]
    reason: Annotated[str, Meta(description="Why; its owner is told when he signs in.")]


class Deletion(msgspec.Struct, frozen=True):
    """That an account is to be deleted."""

    asked_at: Annotated[datetime, Meta(description="Since when it is shut out.")]
    erase_at: Annotated[datetime, Meta(description="Until then it can be restored; then everything goes.")]


class ManagedUser(msgspec.Struct, kw_only=True):
    """An account, as administrators see it."""

    id: UserId
    kind: Annotated[AccountKind, Meta(description="A person, or a team, which nobody signs in to.")]
    email: Annotated[str | None, Meta(description="Null where it has none.", examples=["ada@example.org"])]
    email_verified: Annotated[
        bool, Meta(description="Whether it has shown that it reads the letters to its address.")
    ]
    name: Annotated[str, Meta(description="Shown to others.", examples=["Ada"])]
    role: Annotated[Role, Meta(description="USER, or ADMIN who may see and change everything.")]
    created_at: Annotated[datetime, Meta(description="When it was registered.")]
    suspension: Annotated[Suspension | None, Meta(description="Null where it is not suspended.")]
    deletion: Annotated[Deletion | None, Meta(description="Null where it is not to be deleted.")]


class ManagedUserPage(msgspec.Struct, kw_only=True):
    """A page of accounts, newest first."""

    items: Annotated[list[ManagedUser], Meta(description="As many as `limit` allows.")]
    next_cursor: Annotated[str | None, Meta(description="Pass it as `cursor` for the next page; null at the end.")]


class OpenSession(msgspec.Struct, frozen=True):
    """A device that is signed in."""

    id: Annotated[UUID, Meta(description="The session's id.")]
    device_name: Annotated[str, Meta(description="As it named itself; may be empty.", examples=["Ada's phone"])]
    ip: Annotated[str | None, Meta(description="From where it signed in.", examples=["203.0.113.7"])]
    created_at: Annotated[datetime, Meta(description="When it signed in.")]
    last_used_at: Annotated[datetime, Meta(description="When it was last given a new token.")]


class UserDetail(ManagedUser, kw_only=True):
    """An account with what it stores, and where it is signed in."""

    usage: Annotated[Usage, Meta(description="What it stores, and may store.")]
    sessions: Annotated[list[OpenSession], Meta(description="Devices that are signed in, a hundred at most.")]


class NewSuspension(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Why an account is to be shut out."""

    reason: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=500,
            pattern=LINE,
            description="Its owner is told when he signs in.",
            examples=["Uploads of other people's films."],
        ),
    ]


class UserChange(Proof, kw_only=True, forbid_unknown_fields=True):
    """What to change, and the proof that it is you who does; fields left out stay as they are."""

    role: Annotated[Role, Meta(description="Another role ends the account's sessions.")] | UnsetType = UNSET
