"""HTTP in and out of teams."""

from matinee.common.database import Connection
from matinee.common.http.call import Call
from matinee.common.http.contract import Access, operation
from matinee.common.http.pagination import InvalidCursor, PageQuery
from matinee.common.http.rate_limits import RateLimit
from matinee.modules.teams import service
from matinee.modules.teams.errors import (
    NOT_ACTING,
    LastOwner,
    NoSuchMember,
    TeamHasVideos,
    TeamNotFound,
    TooManyTeams,
)
from matinee.modules.teams.schemas import (
    Member,
    MemberId,
    MemberPage,
    NewTeam,
    RoleChange,
    Team,
    TeamChange,
    TeamId,
    Teams,
)

TAG = "teams"
BASE = "/api/v1/teams"
TEAM = f"{BASE}/{{team_id}}"
MEMBER = f"{TEAM}/members/{{user_id}}"


class TeamRoutes:
    """Operations on teams and their members."""

    @operation(
        "POST",
        BASE,
        tag=TAG,
        access=Access.PERSON,
        status=201,
        errors=(TooManyTeams,),
        idempotent=True,
        limit=RateLimit("create_team", 30, 3600, by="user"),
    )
    async def create_team(self, call: Call, db: Connection, body: NewTeam) -> Team:
        """Make a team.

        You are its first owner. Refresh your tokens then: which teams you belong to stands in the access token.
        """
        return await service.create(db, call.user, body)

    @operation("GET", BASE, tag=TAG, scope="account:read")
    async def list_teams(self, call: Call, db: Connection) -> Teams:
        """The teams that you belong to, and your role in each."""
        return await service.list_own(db, call.user)

    @operation("GET", TEAM, tag=TAG, scope="account:read", errors=(TeamNotFound,))
    async def get_team(self, call: Call, db: Connection, team_id: TeamId) -> Team:
        """A team that you belong to."""
        return await service.get(db, call.user, team_id)

    @operation("PATCH", TEAM, tag=TAG, access=Access.PERSON, errors=NOT_ACTING)
    async def change_team(self, call: Call, db: Connection, team_id: TeamId, body: TeamChange) -> Team:
        """Rename or describe a team.

        For its owners. Fields left out stay as they are.
        """
        return await service.change(db, call.user, team_id, body)

    @operation("DELETE", TEAM, tag=TAG, access=Access.PERSON, errors=(*NOT_ACTING, TeamHasVideos))
    async def delete_team(self, call: Call, db: Connection, team_id: TeamId) -> None:
        """Delete a team that has no videos.

        For its owners. Its signing keys and invitations go with it.
        """
        await service.delete(db, call.user, team_id)

    @operation("GET", f"{TEAM}/members", tag=TAG, scope="account:read", errors=(TeamNotFound, InvalidCursor))
    async def list_members(self, call: Call, db: Connection, query: PageQuery, team_id: TeamId) -> MemberPage:
        """Who belongs to a team, for whoever does; who joined last first."""
        return await service.members(db, call.user, team_id, query)

    @operation("PATCH", MEMBER, tag=TAG, access=Access.PERSON, errors=(*NOT_ACTING, NoSuchMember, LastOwner))
    async def change_member(
        self, call: Call, db: Connection, team_id: TeamId, user_id: MemberId, body: RoleChange
    ) -> Member:
        """Give a member another role.

        For the team's owners. It holds when his tokens are refreshed, for API keys and playback tokens within five
        seconds.
        """
        return await service.change_role(db, call.user, team_id, user_id, body.role)

    @operation("DELETE", MEMBER, tag=TAG, access=Access.PERSON, errors=(*NOT_ACTING, NoSuchMember, LastOwner))
    async def remove_member(self, call: Call, db: Connection, team_id: TeamId, user_id: MemberId) -> None:
        """Remove a member from a team, or leave it.

        Everybody may leave; others are removed by owners. It holds when his tokens are refreshed, for API keys and
        playback tokens within five seconds.
        """
        await service.remove(db, call.user, team_id, user_id)
