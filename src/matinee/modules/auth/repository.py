"""Every query about accounts' credentials and sessions."""

from datetime import datetime
from uuid import UUID

import msgspec

from matinee.common.database import Connection, UniqueViolation, execute, fetch_one, fetch_value, violated
from matinee.common.http.authentication import Role
from matinee.modules.auth.errors import EmailTaken
from matinee.modules.auth.schemas import User


class Account(msgspec.Struct, frozen=True):
    """A user with the password's hash."""

    id: UUID
    email: str
    name: str
    role: Role
    created_at: datetime
    password_hash: str

    def as_user(self) -> User:
        """Without the hash."""
        return User(id=self.id, email=self.email, name=self.name, role=self.role, created_at=self.created_at)


class RotatedToken(msgspec.Struct, frozen=True):
    """A refresh token that was good until now, and whose session it is."""

    session_id: UUID
    user_id: UUID
    email: str
    name: str
    role: Role
    created_at: datetime


class KnownToken(msgspec.Struct, frozen=True):
    """A refresh token that cannot be used (any more)."""

    session_id: UUID
    was_used: bool
    used_meanwhile: bool


_INSERT_USER = """
INSERT INTO users (email, password_hash, name, role) VALUES (%s, %s, %s, %s)
RETURNING id, email, name, role, created_at
"""
_FIND_ACCOUNT = "SELECT id, email, name, role, created_at, password_hash FROM users WHERE lower(email) = lower(%s)"
_FIND_USER = "SELECT id, email, name, role, created_at FROM users WHERE id = %s"
_REPLACE_HASH = "UPDATE users SET password_hash = %s WHERE id = %s AND password_hash = %s"
_OPEN_SESSION = "INSERT INTO sessions (user_id, device_name, ip) VALUES (%s, %s, %s) RETURNING id"
_ISSUE = """
INSERT INTO refresh_tokens (hash, session_id, expires_at) VALUES (%s, %s, now() + make_interval(days => %s))
"""
# Of two requests with one token, one alone finds it unused.
_ROTATE = """
WITH used AS (
    UPDATE refresh_tokens t SET used_at = clock_timestamp() FROM sessions s
    WHERE t.hash = %s AND t.used_at IS NULL AND t.expires_at > now()
      AND s.id = t.session_id AND s.revoked_at IS NULL
    RETURNING t.session_id
), touched AS (
    UPDATE sessions SET last_used_at = now() WHERE id = (SELECT session_id FROM used) AND revoked_at IS NULL
    RETURNING id, user_id
)
SELECT touched.id AS session_id, u.id AS user_id, u.email, u.name, u.role, u.created_at
FROM touched JOIN users u ON u.id = touched.user_id
"""
# used_meanwhile: after this transaction began, so the two overlapped in time
_FIND_TOKEN = """
SELECT session_id, used_at IS NOT NULL AS was_used, coalesce(used_at >= now(), false) AS used_meanwhile
FROM refresh_tokens WHERE hash = %s
"""
_REVOKE = "UPDATE sessions SET revoked_at = now(), revoked_why = %s WHERE id = %s AND revoked_at IS NULL"
_REVOKE_BY_TOKEN = """
UPDATE sessions SET revoked_at = now(), revoked_why = 'logout'
WHERE id = (SELECT session_id FROM refresh_tokens WHERE hash = %s) AND revoked_at IS NULL
"""
_REVOKE_ALL = """
UPDATE sessions SET revoked_at = now(), revoked_why = 'logout_all' WHERE user_id = %s AND revoked_at IS NULL
"""
# A day longer than it works, so that a late replay still ends its session.
_DELETE_EXPIRED_TOKENS = "DELETE FROM refresh_tokens WHERE expires_at < now() - interval '1 day'"
_DELETE_ENDED_SESSIONS = """
DELETE FROM sessions s WHERE s.last_used_at < now() - interval '1 day'
  AND NOT EXISTS (SELECT 1 FROM refresh_tokens t WHERE t.session_id = s.id)
"""


async def insert_user(db: Connection, email: str, password_hash: str, name: str, role: Role = "USER") -> User:
    """The new account; raises EmailTaken where the address has one, however it is spelt."""
    try:
        async with db.transaction():
            user = await fetch_one(db, User, _INSERT_USER, (email, password_hash, name, role))
    except UniqueViolation as error:
        if violated(error) == "users_email_unique":
            raise EmailTaken from None
        raise
    assert user is not None
    return user


async def find_account(db: Connection, email: str) -> Account | None:
    """The account of an address."""
    return await fetch_one(db, Account, _FIND_ACCOUNT, (email,))


async def find_user(db: Connection, user_id: UUID) -> User | None:
    """The account of an id."""
    return await fetch_one(db, User, _FIND_USER, (user_id,))


async def replace_hash(db: Connection, user_id: UUID, old: str, new: str) -> None:
    """Replaces the hash, unless the password was changed meanwhile."""
    await execute(db, _REPLACE_HASH, (new, user_id, old))


async def open_session(db: Connection, user_id: UUID, device_name: str, ip: str | None) -> UUID:
    """A new session: one device, one family of refresh tokens."""
    session_id: UUID = await fetch_value(db, _OPEN_SESSION, (user_id, device_name, ip))
    return session_id


async def issue_token(db: Connection, token_hash: bytes, session_id: UUID, days: int) -> None:
    """Stores the hash of a session's next refresh token."""
    await execute(db, _ISSUE, (token_hash, session_id, days))


async def rotate_token(db: Connection, token_hash: bytes) -> RotatedToken | None:
    """Uses the token up; None where it is not good."""
    return await fetch_one(db, RotatedToken, _ROTATE, (token_hash,))


async def find_token(db: Connection, token_hash: bytes) -> KnownToken | None:
    """What is known of a token that was not good."""
    return await fetch_one(db, KnownToken, _FIND_TOKEN, (token_hash,))


async def revoke_session(db: Connection, session_id: UUID, why: str) -> None:
    """Ends a session; its refresh tokens are worthless from now on."""
    await execute(db, _REVOKE, (why, session_id))


async def revoke_by_token(db: Connection, token_hash: bytes) -> None:
    """Ends the session of a refresh token, used or not."""
    await execute(db, _REVOKE_BY_TOKEN, (token_hash,))


async def revoke_all(db: Connection, user_id: UUID) -> None:
    """Ends every session of a user."""
    await execute(db, _REVOKE_ALL, (user_id,))


async def delete_expired(db: Connection) -> int:
    """Deletes refresh tokens that expired and sessions that have none left; returns how many tokens."""
    deleted = await execute(db, _DELETE_EXPIRED_TOKENS)
    await execute(db, _DELETE_ENDED_SESSIONS)
    return deleted
