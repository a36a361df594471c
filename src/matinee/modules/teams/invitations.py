"""Decisions about invitations: whoever has the token has received one, the account of its address may accept it."""

import hashlib
import secrets
from uuid import UUID

from msgspec.structs import asdict

from matinee.common.database import Connection
from matinee.common.errors import RateLimited, Unauthenticated
from matinee.common.http.authentication import Caller
from matinee.common.http.rate_limits import tally
from matinee.common.mail.letters import LetterTemplate
from matinee.common.mail.post import Post
from matinee.modules import audit
from matinee.modules.auth.repository import find_user
from matinee.modules.auth.rules import normal_email, spellings
from matinee.modules.teams import invitation_repository as repository
from matinee.modules.teams import service as teams
from matinee.modules.teams.errors import (
    AlreadyMember,
    InvitedByAnotherAddress,
    TeamInvitationNotFound,
    TooManyInvitations,
)
from matinee.modules.teams.invitation_repository import InvitationRow, ReceivedRow
from matinee.modules.teams.repository import add_member
from matinee.modules.teams.schemas import (
    InvitationShown,
    NewInvitation,
    SentInvitation,
    Team,
    TeamInvitation,
    TeamInvitations,
)

_TOKEN_BYTES = 32  # 256 bits: cannot be guessed, so a fast hash is enough to store it
_MOST_LETTERS = 5  # to an address, an hour, whoever sends them
_HOUR = 3600

# Names are told by the page, not by the letter: somebody chose them, and they might say anything to anybody.
_LETTER = LetterTemplate(
    "You are invited to a team",
    """
Somebody invites you to a team, as $role.

[See who, and to which]($link)

The link works once, for $days days. You need an account of this address; if you have none yet, register it first.

If you do not know what this is about, do nothing.
""",
)


class InvitationService:
    """Who is asked to join a team."""

    def __init__(self, post: Post) -> None:
        self._post = post

    async def invite(self, db: Connection, caller: Caller, team_id: UUID, new: NewInvitation) -> SentInvitation:
        """Invites an address, or once more with another role.

        Raises TeamNotFound, TeamRoleNeeded, InvalidEmail, AlreadyMember, TooManyInvitations and RateLimited.
        """
        email, token = normal_email(new.email), secrets.token_urlsafe(_TOKEN_BYTES)
        await teams.hold(db, caller, team_id)
        if await repository.is_member(db, team_id, email):
            raise AlreadyMember
        if not await repository.has_room(db, team_id):
            raise TooManyInvitations
        row = await repository.invite(db, team_id, email, new.role, caller.user_id, _hash(token))
        return await self._sent(db, caller, team_id, row, token)

    async def resend(self, db: Connection, caller: Caller, team_id: UUID, invitation_id: UUID) -> SentInvitation:
        """Sends an invitation again; the former link is worth nothing then.

        Raises TeamNotFound, TeamRoleNeeded, TeamInvitationNotFound and RateLimited.
        """
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        await teams.hold(db, caller, team_id)
        row = await repository.resend(db, team_id, invitation_id, caller.user_id, _hash(token))
        if row is None:
            raise TeamInvitationNotFound
        return await self._sent(db, caller, team_id, row, token)

    async def list_open(self, db: Connection, caller: Caller, team_id: UUID) -> TeamInvitations:
        """Who is asked to join, for the team's owners. Raises TeamNotFound and TeamRoleNeeded."""
        await teams.see(db, caller, team_id)
        return TeamInvitations(
            items=[TeamInvitation(**asdict(row)) for row in await repository.list_open(db, team_id)]
        )

    async def revoke(self, db: Connection, caller: Caller, team_id: UUID, invitation_id: UUID) -> None:
        """Takes an invitation back. Raises TeamNotFound, TeamRoleNeeded and TeamInvitationNotFound."""
        await teams.hold(db, caller, team_id)
        if not await repository.revoke(db, team_id, invitation_id):
            raise TeamInvitationNotFound
        await audit.record(db, "team.invitation_revoked", team_id, account=caller.user_id)

    async def show(self, db: Connection, token: str) -> InvitationShown:
        """What an invitation is for, for whoever has received it. Raises TeamInvitationNotFound."""
        row = await _received(db, token)
        return InvitationShown(
            team=row.team, invited_by=row.invited_by, email=row.email, role=row.role, expires_at=row.expires_at
        )

    async def accept(self, db: Connection, caller: Caller, token: str) -> Team:
        """The caller joins. His address is that of the invitation, and the token shows that he has received it.

        Raises TeamInvitationNotFound, InvitedByAnotherAddress, AlreadyMember and TooManyTeams.
        """
        row = await _received(db, token)
        user = await find_user(db, caller.user_id)
        if user is None:
            raise Unauthenticated("This account no longer exists.")
        if row.email.lower() not in {spelling.lower() for spelling in spellings(user.email)}:
            raise InvitedByAnotherAddress
        await repository.hold_team(db, row.team_id)
        await teams.hold_place(db, caller.user_id)
        if not await repository.take(db, _hash(token)):
            raise TeamInvitationNotFound
        if not await add_member(db, row.team_id, caller.user_id, row.role):
            raise AlreadyMember
        await audit.record(db, "team.member_joined", row.team_id, account=caller.user_id, role=row.role)
        return await teams.get(db, caller, row.team_id)

    async def decline(self, db: Connection, token: str) -> None:
        """Whoever has received it does not want to join. Raises TeamInvitationNotFound."""
        if not await repository.take(db, _hash(token)):
            raise TeamInvitationNotFound

    async def _sent(
        self, db: Connection, caller: Caller, team_id: UUID, row: InvitationRow, token: str
    ) -> SentInvitation:
        await audit.record(db, "team.invited", team_id, account=caller.user_id, role=row.role)
        link = self._post.link("/join", token)
        if not self._post.is_on:
            return SentInvitation(**asdict(row), link=link)
        if await tally(db, f"invited:{_hash(row.email.lower()).hex()}", _HOUR) > _MOST_LETTERS:
            raise RateLimited(_HOUR, {})
        await self._post.send(db, row.email, _LETTER, link=link, role=row.role, days=str(repository.DAYS))
        return SentInvitation(**asdict(row), link=None)


async def _received(db: Connection, token: str) -> ReceivedRow:
    row = await repository.find(db, _hash(token))
    if row is None:
        raise TeamInvitationNotFound
    return row


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
