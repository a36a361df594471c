"""Every query about invitations. Only hashes of their tokens are known."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from matinee.common.database import Connection, execute, fetch_all, fetch_one, fetch_value
from matinee.common.http.authentication import TeamRole

DAYS = 7
"""So long an invitation can be accepted."""
MOST_INVITATIONS = 100
"""Of a team, at a time."""


class InvitationRow(msgspec.Struct, frozen=True):
    """An invitation, as the owners of its team see it."""

    id: UUID
    email: str
    role: TeamRole
    created_at: datetime
    expires_at: datetime


class ReceivedRow(msgspec.Struct, frozen=True):
    """An invitation, as whoever has received it sees it."""

    id: UUID
    team_id: UUID
    team: str
    invited_by: str | None
    email: str
    role: TeamRole
    expires_at: datetime


# Who is invited once more gets a token that works, and the former one does no longer.
_INVITE = """
INSERT INTO team_invitations AS i (team_id, email, role, invited_by, token_hash, expires_at)
VALUES (%(team)s, %(email)s, %(role)s, %(by)s, %(hash)s, now() + make_interval(days => %(days)s))
ON CONFLICT (team_id, lower(email)) DO UPDATE SET role = excluded.role, invited_by = excluded.invited_by,
    token_hash = excluded.token_hash, created_at = now(), expires_at = excluded.expires_at
RETURNING i.id, i.email, i.role, i.created_at, i.expires_at
"""
_RESEND = """
UPDATE team_invitations SET invited_by = %(by)s, token_hash = %(hash)s, created_at = now(),
    expires_at = now() + make_interval(days => %(days)s)
WHERE id = %(invitation)s AND team_id = %(team)s RETURNING id, email, role, created_at, expires_at
"""
_COUNT = "SELECT count(*) FROM team_invitations WHERE team_id = %s AND expires_at > now()"
_IS_MEMBER = """
SELECT 1 FROM team_members m JOIN users u ON u.id = m.user_id WHERE m.team_id = %s AND lower(u.email) = lower(%s)
"""
_LIST = """
SELECT id, email, role, created_at, expires_at FROM team_invitations
WHERE team_id = %s AND expires_at > now() ORDER BY created_at DESC, id DESC LIMIT 100
"""
_REVOKE = "DELETE FROM team_invitations WHERE id = %s AND team_id = %s"
# Whoever decides about the team no longer could keep a way back in.
_REVOKE_OF = "DELETE FROM team_invitations WHERE team_id = %s AND invited_by = %s"
# Nor does who is shut out bring anybody in meanwhile.
_FIND = """
SELECT i.id, i.team_id, t.name AS team, u.name AS invited_by, i.email, i.role, i.expires_at
FROM team_invitations i JOIN users t ON t.id = i.team_id LEFT JOIN users u ON u.id = i.invited_by
WHERE i.token_hash = %s AND i.expires_at > now() AND t.shut_at IS NULL AND u.shut_at IS NULL
"""
_HOLD_TEAM = "SELECT id FROM users WHERE id = %s FOR KEY SHARE"
_TAKE = "DELETE FROM team_invitations WHERE token_hash = %s AND expires_at > now()"
_DELETE_EXPIRED = """
DELETE FROM team_invitations WHERE id IN (
    SELECT id FROM team_invitations WHERE expires_at < now() ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED)
"""


async def invite(
    db: Connection, team_id: UUID, email: str, role: TeamRole, by: UUID, token_hash: bytes
) -> InvitationRow:
    """The invitation of an address to a team, of which there is one."""
    params: dict[str, Any] = {"team": team_id, "email": email, "role": role, "by": by, "hash": token_hash}
    row = await fetch_one(db, InvitationRow, _INVITE, {**params, "days": DAYS})
    assert row is not None
    return row


async def resend(
    db: Connection, team_id: UUID, invitation_id: UUID, by: UUID, token_hash: bytes
) -> InvitationRow | None:
    """The same with another token and as much time; None where there is no such invitation."""
    params: dict[str, Any] = {"team": team_id, "invitation": invitation_id, "by": by, "hash": token_hash}
    return await fetch_one(db, InvitationRow, _RESEND, {**params, "days": DAYS})


async def has_room(db: Connection, team_id: UUID) -> bool:
    """Whether a team that is held may invite somebody else."""
    return int(await fetch_value(db, _COUNT, (team_id,))) < MOST_INVITATIONS


async def is_member(db: Connection, team_id: UUID, email: str) -> bool:
    """Whether the account of an address belongs to the team."""
    return await fetch_value(db, _IS_MEMBER, (team_id, email)) is not None


async def list_open(db: Connection, team_id: UUID) -> list[InvitationRow]:
    """The invitations of a team that can be accepted, newest first."""
    return await fetch_all(db, InvitationRow, _LIST, (team_id,))


async def revoke(db: Connection, team_id: UUID, invitation_id: UUID) -> bool:
    """False where the team has no such invitation."""
    return await execute(db, _REVOKE, (invitation_id, team_id)) == 1


async def revoke_of(db: Connection, team_id: UUID, user_id: UUID) -> None:
    """Takes back all that somebody has sent for the team."""
    await execute(db, _REVOKE_OF, (team_id, user_id))


async def find(db: Connection, token_hash: bytes) -> ReceivedRow | None:
    """The invitation of a token that works."""
    return await fetch_one(db, ReceivedRow, _FIND, (token_hash,))


async def hold_team(db: Connection, team_id: UUID) -> None:
    """The team is not deleted until the transaction ends."""
    await execute(db, _HOLD_TEAM, (team_id,))


async def take(db: Connection, token_hash: bytes) -> bool:
    """Uses the token up; False where somebody else did, or it was revoked."""
    return await execute(db, _TAKE, (token_hash,)) == 1


async def delete_expired_team_invitations(db: Connection, most: int) -> int:
    """Deletes invitations that nobody accepted in time; returns how many."""
    return await execute(db, _DELETE_EXPIRED, (most,))
