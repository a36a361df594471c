"""Every query about passkeys and the challenges that they sign."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from matinee.common.database import Connection, UniqueViolation, execute, fetch_all, fetch_one, fetch_value, violated
from matinee.common.http.authentication import Role
from matinee.modules.auth.schemas import User
from matinee.modules.passkeys.errors import PasskeyTaken
from matinee.modules.passkeys.schemas import Passkey

Purpose = Literal["register", "sign_in"]


class StoredPasskey(msgspec.Struct, frozen=True):
    """A passkey with what verifies it, and whose it is."""

    id: UUID
    public_key: bytes
    sign_count: int
    user_id: UUID
    email: str
    name: str
    role: Role
    created_at: datetime

    def as_user(self) -> User:
        """Whose it is."""
        return User(id=self.user_id, email=self.email, name=self.name, role=self.role, created_at=self.created_at)


_INSERT_CHALLENGE = """
INSERT INTO passkey_challenges (challenge, purpose, user_id, expires_at)
VALUES (%s, %s, %s, now() + make_interval(secs => %s))
"""
_TAKE_CHALLENGE = """
DELETE FROM passkey_challenges
WHERE challenge = %s AND purpose = %s AND user_id IS NOT DISTINCT FROM %s AND expires_at > now()
"""
_DELETE_EXPIRED = """
DELETE FROM passkey_challenges WHERE challenge IN (
    SELECT challenge FROM passkey_challenges WHERE expires_at < now()
    ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED)
"""
_INSERT = """
INSERT INTO passkeys (user_id, credential_id, public_key, sign_count, name) VALUES (%s, %s, %s, %s, %s)
RETURNING id, name, created_at, last_used_at
"""
_LIST = "SELECT id, name, created_at, last_used_at FROM passkeys WHERE user_id = %s ORDER BY created_at, id LIMIT %s"
_CREDENTIAL_IDS = "SELECT coalesce(array_agg(credential_id), '{}') FROM passkeys WHERE user_id = %s"
_FIND = """
SELECT p.id, p.public_key, p.sign_count, u.id AS user_id, u.email, u.name, u.role, u.created_at
FROM passkeys p JOIN users u ON u.id = p.user_id WHERE p.credential_id = %s
"""
# A counter of zero is that of a passkey that does not count.
_USE = """
UPDATE passkeys SET sign_count = %(count)s, last_used_at = now()
WHERE id = %(id)s AND (sign_count < %(count)s OR (sign_count = 0 AND %(count)s = 0))
"""
_RENAME = """
UPDATE passkeys SET name = %s WHERE id = %s AND user_id = %s RETURNING id, name, created_at, last_used_at
"""
_DELETE = "DELETE FROM passkeys WHERE id = %s AND user_id = %s"


async def insert_challenge(
    db: Connection, challenge: bytes, purpose: Purpose, user_id: UUID | None, seconds: int
) -> None:
    """A challenge for one answer; without a user it is for whoever signs in by a passkey alone."""
    await execute(db, _INSERT_CHALLENGE, (challenge, purpose, user_id, seconds))


async def take_challenge(db: Connection, challenge: bytes, purpose: Purpose, user_id: UUID | None) -> bool:
    """Uses a challenge up; False where there is none like this any more."""
    return await execute(db, _TAKE_CHALLENGE, (challenge, purpose, user_id)) == 1


async def delete_expired_challenges(db: Connection, most: int) -> int:
    """Deletes challenges that nobody answered; returns how many."""
    return await execute(db, _DELETE_EXPIRED, (most,))


async def insert_passkey(
    db: Connection, user_id: UUID, credential_id: bytes, public_key: bytes, sign_count: int, name: str
) -> Passkey:
    """The new passkey; raises PasskeyTaken."""
    try:
        async with db.transaction():
            made = await fetch_one(db, Passkey, _INSERT, (user_id, credential_id, public_key, sign_count, name))
    except UniqueViolation as error:
        if violated(error) == "passkeys_credential_unique":
            raise PasskeyTaken from None
        raise
    assert made is not None
    return made


async def list_passkeys(db: Connection, user_id: UUID, most: int) -> list[Passkey]:
    """An account's passkeys, oldest first."""
    return await fetch_all(db, Passkey, _LIST, (user_id, most))


async def credential_ids(db: Connection, user_id: UUID) -> list[bytes]:
    """What browsers know an account's passkeys by."""
    found: list[bytes] = await fetch_value(db, _CREDENTIAL_IDS, (user_id,))
    return found


async def find_passkey(db: Connection, credential_id: bytes) -> StoredPasskey | None:
    """The passkey that a browser knows by this id."""
    return await fetch_one(db, StoredPasskey, _FIND, (credential_id,))


async def use_passkey(db: Connection, passkey_id: UUID, sign_count: int) -> bool:
    """Notes the use; False where the counter is not ahead of the last one, or the passkey is gone."""
    return await execute(db, _USE, {"id": passkey_id, "count": sign_count}) == 1


async def rename_passkey(db: Connection, user_id: UUID, passkey_id: UUID, name: str) -> Passkey | None:
    """The passkey with another name; None where the account has none like this."""
    return await fetch_one(db, Passkey, _RENAME, (name, passkey_id, user_id))


async def delete_passkey(db: Connection, user_id: UUID, passkey_id: UUID) -> bool:
    """It opens nothing any more; False where the account has none like this."""
    return await execute(db, _DELETE, (passkey_id, user_id)) == 1
