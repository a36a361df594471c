"""Every query about API keys."""

from datetime import datetime
from uuid import UUID

import msgspec

from matinee.common.database import Connection, execute, fetch_all, fetch_one, fetch_value
from matinee.common.http.authentication import KeyScope
from matinee.common.http.pagination import Cursor
from matinee.modules.api_keys.schemas import NewApiKey


class KeyRow(msgspec.Struct, frozen=True):
    """A key, as its owner may see it."""

    id: UUID
    name: str
    scopes: list[KeyScope]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class WorkingKey(msgspec.Struct, frozen=True):
    """Whose a key is that is neither expired nor revoked, and what it may do."""

    id: UUID
    user_id: UUID
    scopes: list[KeyScope]
    expires_at: datetime | None
    teams: str | None
    """That the user belongs to, as `read_teams` takes them."""
    email_verified: bool


_COLUMNS = "id, name, scopes, created_at, expires_at, last_used_at, revoked_at"
_FROM = "FROM api_keys"
_COUNT_WORKING = """
SELECT count(*) FROM api_keys WHERE user_id = %s AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
"""
_INSERT = """
INSERT INTO api_keys (id, user_id, hash, name, scopes, expires_at)
VALUES (%s, %s, %s, %s, %s, now() + make_interval(days => %s))
RETURNING id, name, scopes, created_at, expires_at, last_used_at, revoked_at
"""
_LIST = f"SELECT {_COLUMNS} {_FROM} WHERE user_id = %(user)s"
_AFTER = "AND (created_at, id) < (%(created_at)s, %(id)s)"
_NEWEST = "ORDER BY created_at DESC, id DESC LIMIT %(limit)s"
_REVOKE = "UPDATE api_keys SET revoked_at = coalesce(revoked_at, now()) WHERE id = %s AND user_id = %s"
# One round trip. A row is written at most once a minute, and nobody waits for who writes it.
_USE = """
WITH working AS (
    SELECT k.id, k.user_id, k.scopes, k.expires_at, u.email_verified_at IS NOT NULL AS email_verified
    FROM api_keys k JOIN users u ON u.id = k.user_id
    WHERE k.hash = %s AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
        AND u.shut_at IS NULL
), used AS (
    UPDATE api_keys SET last_used_at = now() WHERE id IN (
        SELECT k.id FROM api_keys k JOIN working USING (id)
        WHERE k.last_used_at IS NULL OR k.last_used_at < now() - interval '1 minute'
        FOR UPDATE OF k SKIP LOCKED)
)
SELECT id, user_id, scopes, expires_at,
    (SELECT json_object_agg(m.team_id, m.role)::text FROM team_members m JOIN users t ON t.id = m.team_id
        WHERE m.user_id = working.user_id AND t.shut_at IS NULL) AS teams,
    email_verified
FROM working
"""
_DELETE_ENDED = """
DELETE FROM api_keys WHERE id IN (
    SELECT id FROM api_keys WHERE least(revoked_at, expires_at) < now() - interval '30 days'
    ORDER BY least(revoked_at, expires_at) LIMIT %s FOR UPDATE SKIP LOCKED)
"""


async def count_working(db: Connection, user_id: UUID) -> int:
    """How many keys of an account are neither expired nor revoked."""
    return int(await fetch_value(db, _COUNT_WORKING, (user_id,)))


async def insert_key(db: Connection, key_id: UUID, user_id: UUID, secret_hash: bytes, wanted: NewApiKey) -> KeyRow:
    """The new key."""
    scopes = sorted(set(wanted.scopes))
    params = (key_id, user_id, secret_hash, wanted.name, scopes, wanted.expires_in_days)
    row = await fetch_one(db, KeyRow, _INSERT, params)
    assert row is not None
    return row


async def list_keys(db: Connection, user_id: UUID, limit: int, after: Cursor | None) -> list[KeyRow]:
    """An account's keys, newest first; one more than `limit` where there are more."""
    params = {"user": user_id, "limit": limit + 1}
    if after is None:
        return await fetch_all(db, KeyRow, f"{_LIST} {_NEWEST}", params)
    place = {"created_at": after.created_at, "id": after.id}
    return await fetch_all(db, KeyRow, f"{_LIST} {_AFTER} {_NEWEST}", {**params, **place})


async def revoke_key(db: Connection, key_id: UUID, user_id: UUID) -> bool:
    """Ends a key for good; False where the account has no such key."""
    return await execute(db, _REVOKE, (key_id, user_id)) == 1


async def use_key(db: Connection, secret_hash: bytes) -> WorkingKey | None:
    """The key of a hash, where it works; notes that it is used."""
    return await fetch_one(db, WorkingKey, _USE, (secret_hash,))


async def delete_ended_keys(db: Connection, most: int) -> int:
    """Deletes keys that ended thirty days ago; returns how many."""
    return await execute(db, _DELETE_ENDED, (most,))
