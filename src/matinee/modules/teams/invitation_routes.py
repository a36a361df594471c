"""HTTP in and out of invitations. Tokens come in bodies: addresses are logged."""

from matinee.common.database import Connection
from matinee.common.http.call import Call
from matinee.common.http.contract import Access, operation
from matinee.common.http.rate_limits import RateLimit
from matinee.modules.auth.errors import InvalidEmail
from matinee.modules.teams.errors import (
    NOT_ACTING,
    AlreadyMember,
    InvitedByAnotherAddress,
    TeamInvitationNotFound,
    TooManyInvitations,
    TooManyTeams,
)
from matinee.modules.teams.invitations import InvitationService
from matinee.modules.teams.routes import TAG, TEAM
from matinee.modules.teams.schemas import (
    InvitationId,
    InvitationShown,
    InvitationToken,
    NewInvitation,
    SentInvitation,
    Team,
    TeamId,
    TeamInvitations,
)

SENT = f"{TEAM}/invitations"
RECEIVED = "/api/v1/invitations"
SENDING = RateLimit("invite", 30, 3600, by="user")
READING = RateLimit("invitation", 60, 600)


class InvitationRoutes:
    """Operations on who is asked to join a team."""

    def __init__(self, invitations: InvitationService) -> None:
        self._invitations = invitations

    # not idempotent: the answer is kept with its key, and this one may have a secret in it
    @operation(
        "POST",
        SENT,
        tag=TAG,
        access=Access.PERSON,
        status=201,
        errors=(*NOT_ACTING, InvalidEmail, AlreadyMember, TooManyInvitations),
        limit=SENDING,
    )
    async def invite(self, call: Call, db: Connection, team_id: TeamId, body: NewInvitation) -> SentInvitation:
        """Invite an e-mail address to a team.

        For its owners. It need not have an account yet. Whoever is invited again is so with the new role, by the new
        link alone. The link works once, for seven days.
        """
        return await self._invitations.invite(db, call.user, team_id, body)

    @operation("GET", SENT, tag=TAG, access=Access.PERSON, errors=NOT_ACTING)
    async def list_invitations(self, call: Call, db: Connection, team_id: TeamId) -> TeamInvitations:
        """Who is asked to join a team, for its owners."""
        return await self._invitations.list_open(db, call.user, team_id)

    @operation(
        "POST",
        f"{SENT}/{{invitation_id}}/resend",
        tag=TAG,
        access=Access.PERSON,
        errors=(*NOT_ACTING, TeamInvitationNotFound),
        limit=SENDING,
    )
    async def resend_invitation(
        self, call: Call, db: Connection, team_id: TeamId, invitation_id: InvitationId
    ) -> SentInvitation:
        """Send an invitation again, by another link.

        The former link works no more.
        """
        return await self._invitations.resend(db, call.user, team_id, invitation_id)

    @operation(
        "DELETE",
        f"{SENT}/{{invitation_id}}",
        tag=TAG,
        access=Access.PERSON,
        errors=(*NOT_ACTING, TeamInvitationNotFound),
    )
    async def revoke_invitation(
        self, call: Call, db: Connection, team_id: TeamId, invitation_id: InvitationId
    ) -> None:
        """Take an invitation back."""
        await self._invitations.revoke(db, call.user, team_id, invitation_id)

    @operation(
        "POST", f"{RECEIVED}/show", tag=TAG, access=Access.PUBLIC, errors=(TeamInvitationNotFound,), limit=READING
    )
    async def show_invitation(self, db: Connection, body: InvitationToken) -> InvitationShown:
        """What an invitation that you have received is for.

        Needs no account: whoever has the token may look.
        """
        return await self._invitations.show(db, body.token)

    @operation(
        "POST",
        f"{RECEIVED}/accept",
        tag=TAG,
        access=Access.PERSON,
        errors=(TeamInvitationNotFound, InvitedByAnotherAddress, AlreadyMember, TooManyTeams),
        limit=READING,
    )
    async def accept_invitation(self, call: Call, db: Connection, body: InvitationToken) -> Team:
        """Join the team that you are invited to.

        Your account's e-mail address must be the invited one. Refresh your tokens then: which teams you belong to
        stands in the access token.
        """
        return await self._invitations.accept(db, call.user, body.token)

    @operation(
        "POST", f"{RECEIVED}/decline", tag=TAG, access=Access.PUBLIC, errors=(TeamInvitationNotFound,), limit=READING
    )
    async def decline_invitation(self, db: Connection, body: InvitationToken) -> None:
        """Decline an invitation that you have received."""
        await self._invitations.decline(db, body.token)
