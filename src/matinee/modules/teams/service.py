"""Decisions about teams and their members. Roles are read from the database here: a token may be minutes old."""

from collections.abc import Collection
from uuid import UUID

from msgspec.structs import asdict

from matinee.common.database import Connection
from matinee.common.errors import Unauthenticated
from matinee.common.http.authentication import Caller, TeamRole
from matinee.common.http.pagination import Cursor, PageQuery, decode_cursor, page_of
from matinee.modules import audit
from matinee.modules.teams import repository
from matinee.modules.teams.errors import (
    LastOwner,
    NoSuchMember,
    TeamHasVideos,
    TeamNotFound,
    TeamRoleNeeded,
    TooManyTeams,
)
from matinee.modules.teams.invitation_repository import revoke_of
from matinee.modules.teams.repository import TeamRow
from matinee.modules.teams.rules import MEMBERS, OWNERS
from matinee.modules.teams.schemas import Member, MemberPage, NewTeam, Team, TeamChange, Teams


async def create(db: Connection, caller: Caller, new: NewTeam) -> Team:
    """A team whose owner the caller is. Raises TooManyTeams."""
    await hold_place(db, caller.user_id)
    team = await repository.insert_team(db, caller.user_id, new.name, new.description)
    await audit.record(db, "team.created", team.id, account=caller.user_id)
    return Team(**asdict(team))


async def list_own(db: Connection, caller: Caller) -> Teams:
    """The teams that the caller belongs to."""
    return Teams(items=[Team(**asdict(row)) for row in await repository.list_teams(db, caller.user_id)])


async def get(db: Connection, caller: Caller, team_id: UUID) -> Team:
    """A team of the caller's. Raises TeamNotFound."""
    return Team(**asdict(await _find(db, caller, team_id, MEMBERS)))


async def change(db: Connection, caller: Caller, team_id: UUID, wanted: TeamChange) -> Team:
    """Changes what is said of a team. Raises TeamNotFound and TeamRoleNeeded."""
    await hold(db, caller, team_id)
    await repository.change_team(db, team_id, wanted)
    await audit.record(db, "team.changed", team_id, account=caller.user_id)
    return await get(db, caller, team_id)


async def delete(db: Connection, caller: Caller, team_id: UUID) -> None:
    """Deletes a team that has no videos. Raises TeamNotFound, TeamRoleNeeded and TeamHasVideos."""
    await repository.hold_team(db, team_id, to_delete=True)
    await _find(db, caller, team_id, OWNERS)
    if not await repository.close_team(db, team_id):
        raise TeamHasVideos
    await audit.record(db, "team.deleted", team_id, account=caller.user_id)


async def members(db: Connection, caller: Caller, team_id: UUID, query: PageQuery) -> MemberPage:
    """Who belongs to a team, for whoever does. Raises TeamNotFound."""
    after = decode_cursor(query.cursor)
    await _find(db, caller, team_id, MEMBERS)
    rows = await repository.list_members(db, team_id, query.limit, after)
    shown, cursor = page_of(rows, query.limit, lambda row: Cursor(row.since, row.id))
    return MemberPage(items=[Member(**asdict(row)) for row in shown], next_cursor=cursor)


async def change_role(db: Connection, caller: Caller, team_id: UUID, user_id: UUID, role: TeamRole) -> Member:
    """Gives a member another role. Raises TeamNotFound, TeamRoleNeeded, NoSuchMember and LastOwner."""
    await hold(db, caller, team_id)
    changed = await repository.set_role(db, team_id, user_id, role)
    member = await repository.find_member(db, team_id, user_id)
    if member is None:
        raise NoSuchMember
    if not changed:
        raise LastOwner
    await audit.record(db, "team.role_changed", team_id, account=user_id, role=role)
    if role not in OWNERS:
        await revoke_of(db, team_id, user_id)
    return Member(**asdict(member))


async def remove(db: Connection, caller: Caller, team_id: UUID, user_id: UUID) -> None:
    """Removes a member, who may be the caller. Raises TeamNotFound, TeamRoleNeeded, NoSuchMember and LastOwner."""
    await hold(db, caller, team_id, MEMBERS if user_id == caller.user_id else OWNERS)
    if not await repository.remove_member(db, team_id, user_id):
        raise NoSuchMember if await repository.find_member(db, team_id, user_id) is None else LastOwner
    await audit.record(db, "team.member_removed", team_id, account=user_id)
    await revoke_of(db, team_id, user_id)


async def hold(db: Connection, caller: Caller, team_id: UUID, allowed: Collection[TeamRole] = OWNERS) -> TeamRow:
    """A team about which nobody else decides until the transaction ends. Raises TeamNotFound and TeamRoleNeeded."""
    await repository.hold_team(db, team_id)
    return await _find(db, caller, team_id, allowed)


async def see(db: Connection, caller: Caller, team_id: UUID) -> None:
    """Returns where the caller is an owner of the team. Raises TeamNotFound and TeamRoleNeeded."""
    await _find(db, caller, team_id, OWNERS)


async def ensure_owned_without(db: Connection, user_id: UUID) -> None:
    """Returns where each of his teams has another owner, who is not shut out. Raises LastOwner."""
    if await repository.is_last_owner(db, user_id):
        raise LastOwner


async def hold_place(db: Connection, user_id: UUID) -> None:
    """Returns where somebody may join another team; none but this transaction's. Raises TooManyTeams."""
    if not await repository.hold_user(db, user_id):
        raise Unauthenticated("This account no longer exists.")
    if not await repository.has_room(db, user_id):
        raise TooManyTeams


async def _find(db: Connection, caller: Caller, team_id: UUID, allowed: Collection[TeamRole]) -> TeamRow:
    """A team in which the caller has one of these roles, or which he sees as an administrator."""
    team = await repository.find_team(db, team_id, caller.user_id)
    if team is None or (team.role is None and caller.role != "ADMIN"):
        raise TeamNotFound
    if team.role not in allowed and caller.role != "ADMIN":
        raise TeamRoleNeeded
    return team
