"""Who may do what in a team. Pure."""

from collections.abc import Collection
from uuid import UUID

from matinee.common.http.authentication import Caller, TeamRole
from matinee.modules.teams.errors import TeamNotFound, TeamRoleNeeded

MOST_TEAMS = 50  # of an account: they ride in its access tokens, 65 bytes each
MEMBERS: Collection[TeamRole] = frozenset[TeamRole](("owner", "editor", "viewer"))
EDITORS: Collection[TeamRole] = frozenset[TeamRole](("owner", "editor"))
OWNERS: Collection[TeamRole] = frozenset[TeamRole](("owner",))


def acting_for(caller: Caller, team_id: UUID | None, allowed: Collection[TeamRole]) -> UUID:
    """Whose account a request is about: the caller's own, or that of a team in which he has one of these roles.

    Raises TeamNotFound and TeamRoleNeeded.
    """
    if team_id is None:
        return caller.user_id
    role = caller.teams.get(team_id)
    if role is None:
        raise TeamNotFound
    if role not in allowed:
        raise TeamRoleNeeded
    return team_id
