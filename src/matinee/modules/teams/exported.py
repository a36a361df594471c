"""What an export has of teams: those that an account belongs to."""

from datetime import datetime
from uuid import UUID

import msgspec

from matinee.common.http.authentication import TeamRole
from matinee.common.whole_lists import by_id


class ExportedMembership(msgspec.Struct, frozen=True):
    """A team, and what the account is in it."""

    team_id: UUID
    name: str
    role: TeamRole
    since: datetime


_LIST = """
SELECT m.team_id, t.name, m.role, m.since FROM team_members m JOIN users t ON t.id = m.team_id
WHERE m.user_id = %(user)s AND m.team_id > %(after)s ORDER BY m.team_id LIMIT %(limit)s
"""

list_memberships = by_id(ExportedMembership, _LIST, id_name="team_id")
