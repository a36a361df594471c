"""Every query about what the links of letters hold."""

from typing import Literal
from uuid import UUID

import msgspec

from matinee.common.database import Connection, UniqueViolation, execute, fetch_one, violated
from matinee.modules.auth.errors import EmailTaken

Purpose = Literal["email", "password"]


class Holder(msgspec.Struct, frozen=True):
    """Whose account a link is for, and the address that it was sent to."""

    user_id: UUID
    name: str
    present_email: str
    email: str


_INSERT = """
INSERT INTO account_tokens (hash, user_id, purpose, email, expires_at)
VALUES (%s, %s, %s, %s, now() + make_interval(hours => %s))
"""
_FIND = """
SELECT u.id AS user_id, u.name, u.email AS present_email, t.email
FROM account_tokens t JOIN users u ON u.id = t.user_id
WHERE t.hash = %s AND t.purpose = %s AND t.expires_at > now()
"""
# A password is not set by who reads the letters to a former address, also where it changed as they were written.
_TAKE = """
DELETE FROM account_tokens t USING users u
WHERE t.hash = %s AND t.purpose = %s AND t.expires_at > now()
    AND u.id = t.user_id AND (t.purpose <> 'password' OR t.email = u.email)
"""
_DELETE_OTHERS = "DELETE FROM account_tokens WHERE user_id = %s AND purpose = ANY(%s)"
_SET_PASSWORD = """
UPDATE users SET password_hash = %s, updated_at = now(),
    email_verified_at = CASE WHEN email = %s THEN coalesce(email_verified_at, now()) ELSE email_verified_at END
WHERE id = %s
"""
_REVOKE_UNPROVEN = """
WITH unproven AS (
    SELECT id FROM users WHERE id = %s AND email_verified_at IS NULL FOR NO KEY UPDATE
), totp AS (
    DELETE FROM totp WHERE user_id IN (SELECT id FROM unproven)
), codes AS (
    DELETE FROM recovery_codes WHERE user_id IN (SELECT id FROM unproven)
), keys AS (
    DELETE FROM passkeys WHERE user_id IN (SELECT id FROM unproven)
), links AS (
    DELETE FROM linked_sign_ins WHERE user_id IN (SELECT id FROM unproven)
), signing AS (
    DELETE FROM signing_keys WHERE owner_id IN (SELECT id FROM unproven) OR made_by IN (SELECT id FROM unproven)
)
UPDATE api_keys SET revoked_at = now() WHERE user_id IN (SELECT id FROM unproven) AND revoked_at IS NULL
"""
_SET_EMAIL = "UPDATE users SET email = %s, email_verified_at = now(), updated_at = now() WHERE id = %s"
_DELETE_EXPIRED = """
DELETE FROM account_tokens WHERE hash IN (
    SELECT hash FROM account_tokens WHERE expires_at < now() ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED)
"""


async def insert_token(
    db: Connection, token_hash: bytes, user_id: UUID, purpose: Purpose, email: str, *, hours: int
) -> None:
    """Stores the hash of a link's token."""
    await execute(db, _INSERT, (token_hash, user_id, purpose, email, hours))


async def find_holder(db: Connection, token_hash: bytes, purpose: Purpose) -> Holder | None:
    """Whose token it is; None where it is unknown, used or expired."""
    return await fetch_one(db, Holder, _FIND, (token_hash, purpose))


async def take_token(db: Connection, token_hash: bytes, purpose: Purpose) -> bool:
    """Uses the token up; False where somebody else did."""
    return await execute(db, _TAKE, (token_hash, purpose)) == 1


async def delete_tokens(db: Connection, user_id: UUID, *purposes: Purpose) -> None:
    """All links of these kinds to the account's owner are worthless from now on."""
    await execute(db, _DELETE_OTHERS, (user_id, list(purposes)))


async def set_password(db: Connection, user_id: UUID, password_hash: str, *, proven: str | None = None) -> None:
    """Another password; `proven` is an address whose letters the owner can read."""
    await execute(db, _SET_PASSWORD, (password_hash, proven, user_id))


async def revoke_unproven(db: Connection, user_id: UUID) -> None:
    """Whatever opens an account beside its password is gone, where nobody has shown to own its address yet."""
    await execute(db, _REVOKE_UNPROVEN, (user_id,))


async def set_email(db: Connection, user_id: UUID, email: str) -> None:
    """The account's address from now on, verified; raises EmailTaken."""
    try:
        async with db.transaction():
            await execute(db, _SET_EMAIL, (email, user_id))
    except UniqueViolation as error:
        if violated(error) == "users_email_unique":
            raise EmailTaken from None
        raise


async def delete_expired_account_tokens(db: Connection, most: int) -> int:
    """Deletes tokens of links that work no more; returns how many."""
    return await execute(db, _DELETE_EXPIRED, (most,))
