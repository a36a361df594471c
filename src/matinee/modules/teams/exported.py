"""What an export has of teams: those that an account belongs to."""

from datetime import datetime
from uuid import UUID

import msgspec

from matinee.common.database import Connection, fetch_all
from matinee.common.http.authentication import TeamRole
from matinee.common.http.pagination import Cursor, PageQuery, decode_cursor, encode_cursor


class ExportedMembership(msgspec.Struct, frozen=True):
    """A team, and what the account is in it."""

    team_id: UUID
    name: str
    role: TeamRole
    since: datetime


class ExportedMemberships(msgspec.Struct, frozen=True):
    """A page of them."""

    items: list[ExportedMembership]
    next_cursor: str | None


_LIST = """
SELECT m.team_id, t.name, m.role, m.since FROM team_members m JOIN users t ON t.id = m.team_id
WHERE m.user_id = %s AND m.team_id > %s ORDER BY m.team_id LIMIT %s
"""
_FIRST = UUID(int=0)


async def list_memberships(db: Connection, user_id: UUID, query: PageQuery) -> ExportedMemberships:
    """A page of the teams that an account belongs to."""
    after = decode_cursor(query.cursor)
    rows = await fetch_all(db, ExportedMembership, _LIST, (user_id, after.id if after else _FIRST, query.limit))
    last = rows[-1] if len(rows) == query.limit else None
    return ExportedMemberships(rows, encode_cursor(Cursor(last.since, last.team_id)) if last else None)
