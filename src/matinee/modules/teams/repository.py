"""Every query about teams and their members."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET

from matinee.common.database import Connection, execute, fetch_all, fetch_one, fetch_value
from matinee.common.http.authentication import TeamRole
from matinee.common.http.pagination import Cursor
from matinee.modules.teams.rules import MOST_TEAMS
from matinee.modules.teams.schemas import TeamChange


class TeamRow(msgspec.Struct, frozen=True):
    """A team, and what somebody is in it."""

    id: UUID
    name: str
    description: str
    role: TeamRole | None
    created_at: datetime


class MemberRow(msgspec.Struct, frozen=True):
    """Somebody who belongs to a team."""

    id: UUID
    name: str
    role: TeamRole
    since: datetime


# Whoever joins or makes a team holds his account until that is stored: of many at once each counts the others.
_HOLD_USER = "SELECT id FROM users WHERE id = %s AND kind = 'user' FOR NO KEY UPDATE"
_COUNT = "SELECT count(*) FROM team_members WHERE user_id = %s"
_INSERT = """
WITH team AS (
    INSERT INTO users (kind, name, bio) VALUES ('team', %(name)s, %(description)s) RETURNING id, name, bio, created_at
), first AS (
    INSERT INTO team_members (team_id, user_id, role) SELECT id, %(user)s, 'owner' FROM team RETURNING role
)
SELECT team.id, team.name, team.bio AS description, first.role, team.created_at FROM team, first
"""
_LIST = """
SELECT u.id, u.name, u.bio AS description, m.role, u.created_at
FROM team_members m JOIN users u ON u.id = m.team_id
WHERE m.user_id = %s AND u.shut_at IS NULL ORDER BY lower(u.name), u.id LIMIT 50
"""
# Who belongs to a team that is suspended is nothing in it until that is lifted.
_FIND = """
SELECT u.id, u.name, u.bio AS description, m.role, u.created_at
FROM users u LEFT JOIN team_members m ON m.team_id = u.id AND m.user_id = %(user)s AND u.shut_at IS NULL
WHERE u.id = %(team)s AND u.kind = 'team' AND u.closed_at IS NULL
"""
# Whoever decides about a team holds it: of two owners who leave at once the second sees that he is the last.
_HOLD = "SELECT id FROM users WHERE id = %s AND kind = 'team' FOR NO KEY UPDATE"
_HOLD_TO_DELETE = "SELECT id FROM users WHERE id = %s AND kind = 'team' FOR UPDATE"  # nothing is uploaded meanwhile
_CHANGE = "UPDATE users SET name = coalesce(%s, name), bio = coalesce(%s, bio), updated_at = now() WHERE id = %s"
# Nobody sees or belongs to it from now on. What is left of it may be much, and is erased as of any account, by a job.
# Its members go at once, 100,000 of them in half a second: nothing refers to them, and each came by an invitation.
_CLOSE = """
WITH closed AS (
    UPDATE users SET closed_at = now(), erase_at = now(), updated_at = now()
    WHERE id = %(team)s AND kind = 'team' AND closed_at IS NULL
      AND NOT EXISTS (SELECT FROM videos WHERE owner_id = %(team)s AND deleted_at IS NULL)
    RETURNING id
), members AS (
    DELETE FROM team_members WHERE team_id IN (SELECT id FROM closed)
)
SELECT id FROM closed
"""
_LIST_MEMBERS = """
SELECT u.id, u.name, m.role, m.since FROM team_members m JOIN users u ON u.id = m.user_id WHERE m.team_id = %(team)s
"""
_AFTER = "AND (m.since, m.user_id) < (%(created_at)s, %(id)s)"
_NEWEST = "ORDER BY m.since DESC, m.user_id DESC LIMIT %(limit)s"
_FIND_MEMBER = """
SELECT u.id, u.name, m.role, m.since FROM team_members m JOIN users u ON u.id = m.user_id
WHERE m.team_id = %s AND m.user_id = %s
"""
# Who is shut out decides about nothing: he leaves no team to nobody.
_HAS_ANOTHER_OWNER = """
EXISTS (
    SELECT FROM team_members o JOIN users u ON u.id = o.user_id
    WHERE o.team_id = m.team_id AND o.user_id <> m.user_id AND o.role = 'owner' AND u.shut_at IS NULL)
"""
# Access tokens that say otherwise are refused from then on.
_NOTE_CHANGE = """
INSERT INTO team_changes (team_id, user_id, changed_at) SELECT team_id, user_id, now() FROM changed
ON CONFLICT (team_id, user_id) DO UPDATE SET changed_at = now()
"""
_SET_ROLE = f"""
WITH changed AS (
    UPDATE team_members m SET role = %(role)s WHERE team_id = %(team)s AND user_id = %(user)s
      AND (role <> 'owner' OR %(role)s = 'owner' OR {_HAS_ANOTHER_OWNER})
    RETURNING team_id, user_id)
{_NOTE_CHANGE}
"""  # noqa: S608
_REMOVE = f"""
WITH changed AS (
    DELETE FROM team_members m WHERE team_id = %(team)s AND user_id = %(user)s
      AND (role <> 'owner' OR {_HAS_ANOTHER_OWNER})
    RETURNING team_id, user_id)
{_NOTE_CHANGE}
"""  # noqa: S608
_DELETE_OLD_CHANGES = """
DELETE FROM team_changes WHERE (team_id, user_id) IN (
    SELECT team_id, user_id FROM team_changes WHERE changed_at < now() - interval '2 days'
    ORDER BY changed_at LIMIT %s FOR UPDATE SKIP LOCKED)
"""
_HOLD_OWNED = """
SELECT t.id FROM team_members m JOIN users t ON t.id = m.team_id
WHERE m.user_id = %s AND m.role = 'owner' ORDER BY t.id FOR NO KEY UPDATE OF t
"""
_IS_LAST = f"""
SELECT 1 FROM team_members m WHERE m.user_id = %s AND m.role = 'owner' AND NOT {_HAS_ANOTHER_OWNER} LIMIT 1
"""  # noqa: S608
_ADD = "INSERT INTO team_members (team_id, user_id, role) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"


async def hold_user(db: Connection, user_id: UUID) -> bool:
    """He joins no other team until the transaction ends; False where there is no such account."""
    return await fetch_value(db, _HOLD_USER, (user_id,)) is not None


async def has_room(db: Connection, user_id: UUID) -> bool:
    """Whether he, whom the caller holds, may join another team."""
    return int(await fetch_value(db, _COUNT, (user_id,))) < MOST_TEAMS


async def insert_team(db: Connection, user_id: UUID, name: str, description: str) -> TeamRow:
    """A new team with its first owner."""
    team = await fetch_one(db, TeamRow, _INSERT, {"user": user_id, "name": name, "description": description})
    assert team is not None
    return team


async def list_teams(db: Connection, user_id: UUID) -> list[TeamRow]:
    """The teams that somebody belongs to, by name."""
    return await fetch_all(db, TeamRow, _LIST, (user_id,))


async def find_team(db: Connection, team_id: UUID, user_id: UUID) -> TeamRow | None:
    """A team, and what somebody is in it."""
    return await fetch_one(db, TeamRow, _FIND, {"team": team_id, "user": user_id})


async def hold_team(db: Connection, team_id: UUID, *, to_delete: bool = False) -> None:
    """Nobody else decides about the team until the transaction ends, and `to_delete`, nobody adds to it."""
    await execute(db, _HOLD_TO_DELETE if to_delete else _HOLD, (team_id,))


async def change_team(db: Connection, team_id: UUID, change: TeamChange) -> None:
    """Changes the fields that are set."""
    name, description = (None if value is UNSET else value for value in (change.name, change.description))
    await execute(db, _CHANGE, (name, description, team_id))


async def close_team(db: Connection, team_id: UUID) -> bool:
    """Has a team that is held erased; False where it has videos."""
    return await fetch_value(db, _CLOSE, {"team": team_id}) is not None


async def list_members(db: Connection, team_id: UUID, limit: int, after: Cursor | None) -> list[MemberRow]:
    """Who joined last first; one more than `limit` where there are more."""
    params: dict[str, Any] = {"team": team_id, "limit": limit + 1}
    if after is None:
        return await fetch_all(db, MemberRow, f"{_LIST_MEMBERS} {_NEWEST}", params)
    params |= {"created_at": after.created_at, "id": after.id}
    return await fetch_all(db, MemberRow, f"{_LIST_MEMBERS} {_AFTER} {_NEWEST}", params)


async def find_member(db: Connection, team_id: UUID, user_id: UUID) -> MemberRow | None:
    """Somebody who belongs to the team."""
    return await fetch_one(db, MemberRow, _FIND_MEMBER, (team_id, user_id))


async def set_role(db: Connection, team_id: UUID, user_id: UUID, role: TeamRole) -> bool:
    """False where there is no such member, or a team that is held would be left without an owner."""
    return await execute(db, _SET_ROLE, {"team": team_id, "user": user_id, "role": role}) == 1


async def remove_member(db: Connection, team_id: UUID, user_id: UUID) -> bool:
    """False where there is no such member, or a team that is held would be left without an owner."""
    return await execute(db, _REMOVE, {"team": team_id, "user": user_id}) == 1


async def is_last_owner(db: Connection, user_id: UUID) -> bool:
    """Whether some team has no other owner; nobody else decides about his teams until the transaction ends."""
    await execute(db, _HOLD_OWNED, (user_id,))
    return await fetch_value(db, _IS_LAST, (user_id,)) is not None


async def add_member(db: Connection, team_id: UUID, user_id: UUID, role: TeamRole) -> bool:
    """False where he belongs to the team already, and keeps his role."""
    return await execute(db, _ADD, (team_id, user_id, role)) == 1


async def delete_old_team_changes(db: Connection, most: int) -> int:
    """Forgets changes that no access token can contradict any more; returns how many."""
    return await execute(db, _DELETE_OLD_CHANGES, (most,))
