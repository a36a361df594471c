"""How teams refuse."""

from matinee.common.errors import Conflict, Forbidden, NotFound


class TeamNotFound(NotFound):
    """There is no such team, or you do not belong to it; if you have just joined, refresh your tokens."""

    code = "team_not_found"


class TeamRoleNeeded(Forbidden):
    """Your role in the team does not allow this; ask one of its owners."""

    code = "team_role_needed"


class TooManyTeams(Conflict):
    """An account belongs to fifty teams at most; leave one first."""

    code = "too_many_teams"


NOT_ACTING = (TeamNotFound, TeamRoleNeeded)
"""How whoever names a team is refused that he may not act for."""


class NoSuchMember(NotFound):
    """Nobody of this id belongs to the team."""

    code = "no_such_member"


class LastOwner(Conflict):
    """A team has an owner: make somebody else one first, or delete the team."""

    code = "last_owner"


class TeamHasVideos(Conflict):
    """The team has videos, unfinished uploads among them; transfer or delete them first."""

    code = "team_has_videos"


class AlreadyMember(Conflict):
    """This account belongs to the team already; to give it another role, change the member."""

    code = "already_member"


class TeamInvitationNotFound(NotFound):
    """There is no such invitation: it was accepted, declined or revoked, or has expired; ask for another one."""

    code = "team_invitation_not_found"


class InvitedByAnotherAddress(Forbidden):
    """This invitation is for another e-mail address; sign in with the account of that address, or register it."""

    code = "invited_by_another_address"


class TooManyInvitations(Conflict):
    """A hundred invitations of a team may be open; revoke some first."""

    code = "too_many_invitations"
