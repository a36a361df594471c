"""Every query about invitations to register."""

from uuid import UUID

from matinee.common.database import Connection, execute, fetch_all, fetch_one, fetch_value
from matinee.common.http.pagination import Cursor
from matinee.modules.auth.schemas import Invitation

_INSERT = """
INSERT INTO registration_invitations (hash, email, created_by, expires_at)
VALUES (%s, %s, %s, now() + make_interval(days => %s))
RETURNING id, email, created_at, expires_at
"""
_LIST = """
SELECT id, email, created_at, expires_at FROM registration_invitations WHERE expires_at > now()
"""
_AFTER = "AND (created_at, id) < (%(created_at)s, %(id)s)"
_NEWEST = "ORDER BY created_at DESC, id DESC LIMIT %(limit)s"
_TAKE = "DELETE FROM registration_invitations WHERE hash = %s AND expires_at > now() RETURNING email"
_REVOKE = "DELETE FROM registration_invitations WHERE id = %s RETURNING id"
_DELETE_EXPIRED = """
DELETE FROM registration_invitations WHERE id IN (
    SELECT id FROM registration_invitations WHERE expires_at < now()
    ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED)
"""


async def insert_invitation(db: Connection, token_hash: bytes, email: str, by: UUID, *, days: int) -> Invitation:
    """The new invitation."""
    row = await fetch_one(db, Invitation, _INSERT, (token_hash, email, by, days))
    assert row is not None
    return row


async def list_invitations(db: Connection, limit: int, after: Cursor | None) -> list[Invitation]:
    """Those that nobody has taken, newest first; one more than `limit` where there are more."""
    params = {"limit": limit + 1}
    if after is None:
        return await fetch_all(db, Invitation, f"{_LIST} {_NEWEST}", params)
    place = {"created_at": after.created_at, "id": after.id}
    return await fetch_all(db, Invitation, f"{_LIST} {_AFTER} {_NEWEST}", {**params, **place})


async def take_invitation(db: Connection, token_hash: bytes) -> str | None:
    """Uses an invitation up; returns the address that it was sent to, None where it is unknown, used or expired."""
    email: str | None = await fetch_value(db, _TAKE, (token_hash,))
    return email


async def revoke_invitation(db: Connection, invitation_id: UUID) -> bool:
    """Makes an invitation worthless; False where there is none."""
    return await fetch_value(db, _REVOKE, (invitation_id,)) is not None


async def delete_expired_invitations(db: Connection, most: int) -> int:
    """Deletes invitations that nobody took in time; returns how many."""
    return await execute(db, _DELETE_EXPIRED, (most,))
