"""Every query about the keys that playback tokens are signed with."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from matinee.common.database import Connection, execute, fetch_all, fetch_one, fetch_value
from matinee.modules.videos.rules import Visibility

Algorithm = Literal["EdDSA", "RS256"]


class KeyRow(msgspec.Struct, frozen=True):
    """A key."""

    id: UUID
    owner_id: UUID | None
    name: str
    algorithm: Algorithm
    public_key: bytes
    made_by: UUID | None
    created_at: datetime


class ServerKeyRow(msgspec.Struct, frozen=True):
    """The key that signs for the server."""

    id: UUID
    algorithm: Algorithm
    private_key: bytes


class LockRow(msgspec.Struct, frozen=True):
    """What opens a video."""

    visibility: Visibility
    password_hash: str | None
    password_id: UUID | None


_COLUMNS = "id, owner_id, name, algorithm, public_key, made_by, created_at"
_FROM = "FROM signing_keys"
# What a retired one has signed can be presented for a week, and no longer by whoever has stolen it.
_HOLDS = "(retired_at IS NULL OR retired_at > now() - interval '8 days')"
_FIND = f"SELECT {_COLUMNS} {_FROM} WHERE id = %s AND {_HOLDS}"
_LIST = f"SELECT {_COLUMNS} {_FROM} WHERE owner_id = %s ORDER BY created_at, id LIMIT 100"
_LIST_SERVER = f"""
SELECT {_COLUMNS} {_FROM}
WHERE owner_id IS NULL AND {_HOLDS}
ORDER BY created_at DESC, id LIMIT 100
"""
_FIND_SERVER = """
SELECT id, algorithm, private_key FROM signing_keys WHERE owner_id IS NULL AND retired_at IS NULL
"""
_INSERT_SERVER = """
INSERT INTO signing_keys (id, name, algorithm, public_key, private_key)
VALUES (%(id)s, %(name)s, %(algorithm)s, %(public_key)s, %(private_key)s)
ON CONFLICT DO NOTHING
"""
_RETIRE = "UPDATE signing_keys SET retired_at = now() WHERE owner_id IS NULL AND retired_at IS NULL"
# The account is held: of many that are made at once each is counted.
_HOLD = "SELECT id FROM users WHERE id = %s FOR NO KEY UPDATE"
_COUNT = "SELECT count(*) FROM signing_keys WHERE owner_id = %s"
_INSERT = """
INSERT INTO signing_keys (id, owner_id, made_by, name, algorithm, public_key)
VALUES (%(id)s, %(owner)s, %(maker)s, %(name)s, %(algorithm)s, %(public_key)s)
RETURNING id, owner_id, name, algorithm, public_key, made_by, created_at
"""
_DELETE = "DELETE FROM signing_keys WHERE id = %s AND owner_id = %s"
_FIND_LOCK = """
SELECT visibility, password_hash, password_id FROM videos v WHERE id = %s AND deleted_at IS NULL
    AND NOT EXISTS (SELECT FROM users o WHERE o.id = v.owner_id AND o.shut_at IS NOT NULL)
"""
_IS_OPEN = "SELECT 1 FROM sessions WHERE id = %s AND revoked_at IS NULL"


async def find_key(db: Connection, key_id: UUID) -> KeyRow | None:
    """A key, whoever's."""
    return await fetch_one(db, KeyRow, _FIND, (key_id,))


async def list_keys(db: Connection, owner_id: UUID) -> list[KeyRow]:
    """The keys of an account, the oldest first."""
    return await fetch_all(db, KeyRow, _LIST, (owner_id,))


async def list_server_keys(db: Connection) -> list[KeyRow]:
    """The server's keys whose signatures may still be met, the newest first."""
    return await fetch_all(db, KeyRow, _LIST_SERVER)


async def find_server_key(db: Connection) -> ServerKeyRow | None:
    """The key that signs for the server; None where there is none yet."""
    return await fetch_one(db, ServerKeyRow, _FIND_SERVER)


async def insert_server_key(
    db: Connection, key_id: UUID, name: str, algorithm: Algorithm, public_key: bytes, private_key: bytes
) -> bool:
    """The key that signs for the server from now on; False where another process made one at the same time."""
    values = {"id": key_id, "name": name, "algorithm": algorithm, "public_key": public_key}
    return await execute(db, _INSERT_SERVER, {**values, "private_key": private_key}) == 1


async def retire_server_key(db: Connection) -> None:
    """The server's key signs no more."""
    await execute(db, _RETIRE)


async def hold_owner(db: Connection, owner_id: UUID) -> bool:
    """Nobody else adds a key to the account until the transaction ends; False where there is no such account."""
    return await fetch_value(db, _HOLD, (owner_id,)) is not None


async def count_keys(db: Connection, owner_id: UUID) -> int:
    """How many keys an account has."""
    count: int = await fetch_value(db, _COUNT, (owner_id,))
    return count


async def insert_key(
    db: Connection, key_id: UUID, owner_id: UUID, maker_id: UUID, name: str, algorithm: Algorithm, public_key: bytes
) -> KeyRow:
    """A key of an account that is held."""
    values = {
        "id": key_id,
        "owner": owner_id,
        "maker": maker_id,
        "name": name,
        "algorithm": algorithm,
        "public_key": public_key,
    }
    row = await fetch_one(db, KeyRow, _INSERT, values)
    assert row is not None
    return row


async def delete_key(db: Connection, key_id: UUID, owner_id: UUID) -> bool:
    """False where the account has no such key."""
    return await execute(db, _DELETE, (key_id, owner_id)) == 1


async def find_lock(db: Connection, video_id: UUID) -> LockRow | None:
    """What opens a video that is not deleted."""
    return await fetch_one(db, LockRow, _FIND_LOCK, (video_id,))


async def is_session_open(db: Connection, session_id: UUID) -> bool:
    """Whether whoever signed in is signed in still."""
    return await fetch_value(db, _IS_OPEN, (session_id,)) is not None
