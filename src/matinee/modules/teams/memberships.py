"""Which teams somebody belongs to: read by the statement that says who calls, and carried by its `Caller`."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from matinee.common.database import Connection, Database, RowUUID, fetch_all, fetch_value
from matinee.common.http.authentication import TeamRole
from matinee.modules.playback.freshness import Recent

REMEMBERED_SECONDS = 5.0  # so long at most somebody watches on who was removed
_decode = msgspec.json.Decoder(dict[UUID, TeamRole]).decode
# What is noted is that it changed, and read what it is: no clock and no order of changes matters.
_LIST_CHANGES = """
SELECT c.user_id, c.team_id, m.role
FROM team_changes c LEFT JOIN team_members m ON m.team_id = c.team_id AND m.user_id = c.user_id
WHERE c.changed_at > %s ORDER BY c.changed_at DESC LIMIT 10000
"""
_FIND_ROLE = "SELECT role FROM team_members WHERE team_id = %s AND user_id = %s"


def read_teams(column: str | None) -> Mapping[UUID, TeamRole]:
    """A JSON object of roles by the ids of teams; null of whoever belongs to none."""
    if column is None:
        return {}
    return {RowUUID(team.bytes): role for team, role in _decode(column).items()}


class _Change(msgspec.Struct, frozen=True):
    user_id: UUID
    team_id: UUID
    role: TeamRole | None


async def list_changes(db: Connection, since: datetime) -> dict[UUID, dict[UUID, TeamRole | None]]:
    """What those are in a team, by user and team, whose role has changed since; None: they left it."""
    changes: dict[UUID, dict[UUID, TeamRole | None]] = {}
    for change in await fetch_all(db, _Change, _LIST_CHANGES, (since,)):
        changes.setdefault(change.user_id, {})[change.team_id] = change.role
    return changes


class Memberships:
    """What somebody is in a team: asked every few seconds, so that what he watches costs the database nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._roles: Recent[TeamRole] = Recent(lifetime=REMEMBERED_SECONDS)

    async def role(self, team_id: UUID, user_id: UUID) -> TeamRole | None:
        """His role; None where he does not belong to it."""
        role, now = self.known(team_id, user_id), self._roles.now()
        if role is None:
            async with self._database.connection() as db:
                role = await fetch_value(db, _FIND_ROLE, (team_id, user_id))
            if role is not None:
                self._roles.keep((team_id, user_id), role, now)
        return role

    def known(self, team_id: UUID, user_id: UUID) -> TeamRole | None:
        """The same, where it was asked lately; None says nothing."""
        return self._roles.get((team_id, user_id))
