"""Every query about second factors and the sign-ins that wait for them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from matinee.common.database import Connection, execute, fetch_one, fetch_value
from matinee.common.http.authentication import Role
from matinee.modules.auth.schemas import User
from matinee.modules.second_factor.schemas import SecondFactorState


class Waiting(msgspec.Struct, frozen=True):
    """A sign-in that waits for its second factor."""

    device_name: str
    new_password_hash: str | None
    user_id: UUID
    email: str
    name: str
    role: Role
    created_at: datetime

    def as_user(self) -> User:
        """Who signs in."""
        return User(id=self.user_id, email=self.email, name=self.name, role=self.role, created_at=self.created_at)


class Enrolment(msgspec.Struct, frozen=True):
    """An app's sealed secret."""

    secret: bytes
    is_confirmed: bool


_STATE = """
SELECT EXISTS (SELECT 1 FROM totp WHERE user_id = %(user)s AND confirmed_at IS NOT NULL) AS totp,
    (SELECT count(*) FROM passkeys WHERE user_id = %(user)s)::int AS passkeys,
    (SELECT count(*) FROM recovery_codes WHERE user_id = %(user)s AND used_at IS NULL)::int AS recovery_codes
"""
_INSERT_CHALLENGE = """
INSERT INTO sign_in_challenges (hash, user_id, device_name, new_password_hash, expires_at)
VALUES (%s, %s, %s, %s, now() + make_interval(secs => %s))
"""
# Whoever tries a code holds the account, before anything else: of many at once each counts what the others got wrong.
_HOLD_CHALLENGED = """
SELECT id FROM users WHERE id = (SELECT user_id FROM sign_in_challenges WHERE hash = %s) FOR NO KEY UPDATE
"""
_CLAIM_CHALLENGE = """
SELECT c.device_name, c.new_password_hash, u.id AS user_id, u.email, u.name, u.role, u.created_at
FROM sign_in_challenges c JOIN users u ON u.id = c.user_id
WHERE c.hash = %s AND c.spent_at IS NULL AND c.expires_at > now() AND c.wrong < %s
"""
_COUNT_WRONG = """
SELECT coalesce(sum(wrong), 0)::int FROM sign_in_challenges
WHERE user_id = %s AND created_at > now() - interval '1 hour'
"""
_NOTE_WRONG = "UPDATE sign_in_challenges SET wrong = wrong + 1 WHERE hash = %s"
_SPEND_CHALLENGE = "UPDATE sign_in_challenges SET spent_at = now() WHERE hash = %s AND spent_at IS NULL"
_SPEND_CHALLENGES = "UPDATE sign_in_challenges SET spent_at = now() WHERE user_id = %s AND spent_at IS NULL"
_DELETE_CHALLENGES = """
DELETE FROM sign_in_challenges WHERE hash IN (
    SELECT hash FROM sign_in_challenges WHERE created_at < now() - interval '1 hour'
    ORDER BY created_at LIMIT %s FOR UPDATE SKIP LOCKED)
"""
_BEGIN_TOTP = """
INSERT INTO totp (user_id, secret) VALUES (%s, %s)
ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, created_at = now() WHERE totp.confirmed_at IS NULL
"""
_FIND_TOTP = "SELECT secret, confirmed_at IS NOT NULL AS is_confirmed FROM totp WHERE user_id = %s"
_CONFIRM_TOTP = """
UPDATE totp SET confirmed_at = now(), last_step = %s WHERE user_id = %s AND secret = %s AND confirmed_at IS NULL
"""
_USE_STEP = """
UPDATE totp SET last_step = %(step)s WHERE user_id = %(user)s AND confirmed_at IS NOT NULL AND last_step < %(step)s
"""
_DELETE_TOTP = "DELETE FROM totp WHERE user_id = %s AND confirmed_at IS NOT NULL"
_DELETE_ALL = """
WITH app AS (
    DELETE FROM totp WHERE user_id = %(user)s
), codes AS (
    DELETE FROM recovery_codes WHERE user_id = %(user)s
)
DELETE FROM passkeys WHERE user_id = %(user)s
"""
_DELETE_RECOVERY_CODES = "DELETE FROM recovery_codes WHERE user_id = %s"
_INSERT_RECOVERY_CODES = "INSERT INTO recovery_codes (user_id, hash) SELECT %s, unnest(%s::bytea[])"
_USE_RECOVERY_CODE = """
UPDATE recovery_codes SET used_at = now() WHERE user_id = %s AND hash = %s AND used_at IS NULL
"""
_JUST_SIGNED_IN = """
SELECT EXISTS (SELECT 1 FROM users u JOIN sessions s ON s.user_id = u.id
    WHERE u.id = %s AND u.password_hash IS NULL AND s.id = %s
      AND s.revoked_at IS NULL AND s.created_at > now() - interval '10 minutes')
"""
_HAS_WAY_IN = """
SELECT password_hash IS NOT NULL
    OR EXISTS (SELECT 1 FROM passkeys p WHERE p.user_id = u.id)
    OR EXISTS (SELECT 1 FROM linked_sign_ins l WHERE l.user_id = u.id)
FROM users u WHERE u.id = %s
"""
_LOCK_OWNER = "SELECT id FROM users WHERE id = %s FOR NO KEY UPDATE"


async def find_state(db: Connection, user_id: UUID) -> SecondFactorState:
    """What an account asks beside the password."""
    state = await fetch_one(db, SecondFactorState, _STATE, {"user": user_id})
    assert state is not None
    return state


async def insert_challenge(
    db: Connection,
    challenge_hash: bytes,
    user_id: UUID,
    device_name: str,
    new_password_hash: str | None,
    seconds: int,
) -> None:
    """A sign-in begins to wait."""
    await execute(db, _INSERT_CHALLENGE, (challenge_hash, user_id, device_name, new_password_hash, seconds))


async def claim_challenge(db: Connection, challenge_hash: bytes, most_wrong: int) -> Waiting | None:
    """The sign-in of a challenge that can be answered; no other of the account is until the transaction ends."""
    await execute(db, _HOLD_CHALLENGED, (challenge_hash,))
    return await fetch_one(db, Waiting, _CLAIM_CHALLENGE, (challenge_hash, most_wrong))


async def count_wrong(db: Connection, user_id: UUID) -> int:
    """How many wrong codes were sent for an account in the sign-ins of the last hour."""
    return int(await fetch_value(db, _COUNT_WRONG, (user_id,)))


async def note_wrong(db: Connection, challenge_hash: bytes) -> None:
    """Counts a wrong code."""
    await execute(db, _NOTE_WRONG, (challenge_hash,))


async def spend_challenge(db: Connection, challenge_hash: bytes) -> bool:
    """The sign-in is complete; False where it was before."""
    return await execute(db, _SPEND_CHALLENGE, (challenge_hash,)) == 1


async def spend_challenges(db: Connection, user_id: UUID) -> None:
    """No sign-in of the account that waits is completed any more."""
    await execute(db, _SPEND_CHALLENGES, (user_id,))


async def delete_old_challenges(db: Connection, most: int) -> int:
    """Deletes sign-ins that were begun more than an hour ago; returns how many."""
    return await execute(db, _DELETE_CHALLENGES, (most,))


async def begin_totp(db: Connection, user_id: UUID, sealed: bytes) -> bool:
    """A secret that is to be confirmed, in the place of one that was not; False where one was."""
    return await execute(db, _BEGIN_TOTP, (user_id, sealed)) == 1


async def find_totp(db: Connection, user_id: UUID) -> Enrolment | None:
    """An account's secret, confirmed or not."""
    return await fetch_one(db, Enrolment, _FIND_TOTP, (user_id,))


async def confirm_totp(db: Connection, user_id: UUID, sealed: bytes, step: int) -> bool:
    """From now on codes are asked for; False where the secret is another, or was confirmed, meanwhile."""
    return await execute(db, _CONFIRM_TOTP, (step, user_id, sealed)) == 1


async def use_step(db: Connection, user_id: UUID, step: int) -> bool:
    """Uses up the codes of a time step and those before; False where they were."""
    return await execute(db, _USE_STEP, {"step": step, "user": user_id}) == 1


async def delete_totp(db: Connection, user_id: UUID) -> bool:
    """Codes of the app are asked for no more; False where they were not."""
    return await execute(db, _DELETE_TOTP, (user_id,)) == 1


async def delete_all(db: Connection, user_id: UUID) -> None:
    """An account's app, its recovery codes and its passkeys are gone."""
    await execute(db, _DELETE_ALL, {"user": user_id})


async def replace_recovery_codes(db: Connection, user_id: UUID, hashes: Sequence[bytes]) -> None:
    """The former codes work no more; no hashes: nothing is there to be recovered."""
    await execute(db, _DELETE_RECOVERY_CODES, (user_id,))
    if hashes:
        await execute(db, _INSERT_RECOVERY_CODES, (user_id, hashes))


async def use_recovery_code(db: Connection, user_id: UUID, code_hash: bytes) -> bool:
    """Uses a code up; False where it is none, or was used."""
    return await execute(db, _USE_RECOVERY_CODE, (user_id, code_hash)) == 1


async def lock_owner(db: Connection, user_id: UUID) -> bool:
    """Nobody else changes the account's second factor until the transaction ends; False where there is no account."""
    return await fetch_value(db, _LOCK_OWNER, (user_id,)) is not None


async def just_signed_in_without(db: Connection, user_id: UUID, session_id: UUID | None) -> bool:
    """Whether the account has no password, and this session was opened within ten minutes."""
    return bool(await fetch_value(db, _JUST_SIGNED_IN, (user_id, session_id)))


async def has_way_in(db: Connection, user_id: UUID) -> bool:
    """Whether the account can be signed in to."""
    return bool(await fetch_value(db, _HAS_WAY_IN, (user_id,)))
