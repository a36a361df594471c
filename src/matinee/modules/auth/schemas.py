"""Wire types of accounts and sessions."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from matinee.common.http.authentication import Role
from matinee.common.text import END, LINE

_EXAMPLE_EMAIL = "ada@example.org"

Email = Annotated[
    str,
    Meta(
        min_length=3,
        max_length=254,
        pattern=rf"^[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+{END}",
        description="Compared without regard to case, and to how its letters are encoded.",
        examples=[_EXAMPLE_EMAIL],
    ),
]
Password = Annotated[
    str,
    Meta(min_length=12, max_length=128, description="12 to 128 characters.", examples=["correct horse battery"]),
]
OwnPassword = Annotated[str, Meta(min_length=1, max_length=128, description="The account's password.")]
Code = Annotated[
    str,
    Meta(
        min_length=6,
        max_length=40,
        pattern=LINE,
        description="Six digits of the app, or a recovery code, with or without its dashes.",
        examples=["492039"],
    ),
]
Restore = Annotated[bool, Meta(description="Keep the account, where it was to be deleted.")]
Name = Annotated[
    str,
    Meta(min_length=1, max_length=80, pattern=LINE, description="Shown to others.", examples=["Ada"]),
]


SessionId = Annotated[UUID, Meta(description="The session's id.")]
EndedWhy = Literal[
    "logout",
    "logout_all",
    "replay",
    "revoked",
    "password_changed",
    "password_reset",
    "administrator",
    "suspended",
    "role_changed",
    "closed",
    "too_many",
]


class User(msgspec.Struct):
    """An account, as its owner sees it."""

    id: Annotated[UUID, Meta(description="The account's id.")]
    email: Annotated[str, Meta(description="The registered address in its normal form.", examples=[_EXAMPLE_EMAIL])]
    name: Annotated[str, Meta(description="Shown to others.", examples=["Ada"])]
    role: Annotated[Role, Meta(description="USER, or ADMIN who may see and change everything.")]
    created_at: Annotated[datetime, Meta(description="When it was registered.")]


class Register(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A new account. The password must not be easily guessed, also by who knows address and name."""

    email: Email
    password: Password
    name: Name
    invitation: Annotated[
        Annotated[str, Meta(min_length=1, max_length=200)] | None, Meta(description="The token of an invitation.")
    ] = None


class Login(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Credentials."""

    email: Annotated[
        str,
        Meta(min_length=1, max_length=254, pattern=LINE, description="The account.", examples=[_EXAMPLE_EMAIL]),
    ]
    password: OwnPassword
    new_password: Annotated[
        Password | None, Meta(description="What the password is to be once somebody is signed in; null: it stays.")
    ] = None
    device_name: Annotated[
        str,
        Meta(max_length=80, pattern=LINE, description="Names the session.", examples=["Ada's phone"]),
    ] = ""
    restore: Restore = False


class RefreshToken(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A refresh token; browsers leave it out and send the cookie instead."""

    refresh_token: Annotated[
        Annotated[str, Meta(min_length=1, max_length=200)] | None, Meta(description="The newest one.")
    ] = None


class Tokens(msgspec.Struct, kw_only=True):
    """What a client keeps after signing in."""

    access_token: Annotated[str, Meta(description="A JWT; send it as `Authorization: Bearer <token>`.")]
    token_type: Annotated[str, Meta(description="Always `Bearer`.", examples=["Bearer"])] = "Bearer"
    expires_in: Annotated[int, Meta(description="Seconds until the access token expires.", examples=[900])]
    refresh_token: Annotated[str, Meta(description="Works once; each refresh gives a new one.")]
    user: Annotated[User, Meta(description="Who signed in.")]


class Session(msgspec.Struct, kw_only=True):
    """A device that is signed in, or was until lately."""

    id: SessionId
    device_name: Annotated[str, Meta(description="As the device named itself.", examples=["Firefox on Linux"])]
    ip: Annotated[str | None, Meta(description="The address that it was last used from; null: unknown.")]
    created_at: Annotated[datetime, Meta(description="When it signed in.")]
    last_used_at: Annotated[datetime, Meta(description="When it last fetched tokens: to a quarter of an hour.")]
    is_current: Annotated[bool, Meta(description="Whether it is the one that asks.")]
    ended_at: Annotated[datetime | None, Meta(description="When it was ended, for a week; null: it is signed in.")]
    ended_why: Annotated[
        EndedWhy | None,
        Meta(
            description="`logout` and `logout_all`: by itself. `revoked`: by another device. `replay`: its refresh "
            "token was used twice, so somebody may have copied it. `password_changed`, `password_reset`: with the "
            "password. `administrator`: by one. `suspended`, `role_changed`: with what an administrator did, or "
            "with his own last second factor, which he must have. `closed`: the account is to be deleted. "
            "`too_many`: of too many it was used longest ago."
        ),
    ]


class SessionPage(msgspec.Struct, kw_only=True):
    """A page of sessions, newest first."""

    items: Annotated[list[Session], Meta(description="As many as `limit` allows.")]
    next_cursor: Annotated[str | None, Meta(description="Pass it as `cursor` for the next page; null at the end.")]


class Proof(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The password or a code, one of them; whose account has no password may have signed in just now instead."""

    password: Annotated[OwnPassword | None, Meta(description="The account's password.")] = None
    code: Annotated[Code | None, Meta(description="A code of the app, or a recovery code.")] = None


LinkToken = Annotated[str, Meta(min_length=1, max_length=200, description="What follows the `#` in the link.")]
InvitationId = Annotated[UUID, Meta(description="The invitation's id.")]


class ChangePassword(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Another password."""

    present_password: Annotated[str, Meta(min_length=1, max_length=128, description="The present one.")]
    new_password: Password


class AskLink(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Where a letter with a link is to go."""

    email: Email


class ResetPassword(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Another password, by a link."""

    token: LinkToken
    password: Password


class VerifyEmail(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """That somebody reads the letters to an address, and is whose account it is for."""

    token: LinkToken
    password: Annotated[
        OwnPassword | None, Meta(description="The account's password, where the call does not come signed in to it.")
    ] = None


class ChangeEmail(Proof, kw_only=True, forbid_unknown_fields=True):
    """Another address, and the proof that it is you."""

    email: Email


class Invite(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Whom to invite."""

    email: Email


class Invitation(msgspec.Struct):
    """An invitation to register that nobody has taken."""

    id: InvitationId
    email: Annotated[str, Meta(description="Whom it is for; another address may take it.", examples=[_EXAMPLE_EMAIL])]
    created_at: Annotated[datetime, Meta(description="When it was made.")]
    expires_at: Annotated[datetime, Meta(description="When it works no more.")]


class MadeInvitation(Invitation, kw_only=True):
    """An invitation that was just made."""

    link: Annotated[str, Meta(description="Whoever has it can register; shown this once.")]
    is_sent: Annotated[bool, Meta(description="Whether a letter brings it.")]


class InvitationPage(msgspec.Struct, kw_only=True):
    """A page of invitations, newest first."""

    items: Annotated[list[Invitation], Meta(description="As many as `limit` allows.")]
    next_cursor: Annotated[str | None, Meta(description="Pass it as `cursor` for the next page; null at the end.")]
