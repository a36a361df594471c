"""Every query about accounts' credentials and sessions."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from matinee.common.database import (
    Connection,
    UniqueViolation,
    execute,
    fetch_all,
    fetch_one,
    fetch_value,
    violated,
)
from matinee.common.http.authentication import Role
from matinee.common.http.pagination import Cursor
from matinee.modules.auth.devices import Device
from matinee.modules.auth.errors import EmailTaken
from matinee.modules.auth.schemas import EndedWhy, User


class Account(msgspec.Struct, frozen=True):
    """A user with the password's hash."""

    id: UUID
    email: str
    name: str
    role: Role
    created_at: datetime
    password_hash: str | None
    email_verified: bool

    def as_user(self) -> User:
        """Without the hash."""
        return User(id=self.id, email=self.email, name=self.name, role=self.role, created_at=self.created_at)


class _Id(msgspec.Struct):
    id: UUID


class ShutOut(msgspec.Struct, frozen=True):
    """Why an account is not let in: it is suspended, or is to be deleted."""

    suspended_why: str | None
    erase_at: datetime | None


class Ended(msgspec.Struct, frozen=True):
    """A session that has ended or a key that was revoked, and when."""

    id: UUID
    revoked_at: datetime


class EndedSession(msgspec.Struct, frozen=True):
    """A session that was just ended."""

    id: UUID
    user_id: UUID


class Claim(msgspec.Struct, frozen=True):
    """A refresh token that somebody presents, and whose session it is."""

    session_id: UUID
    user_id: UUID
    email: str
    name: str
    role: Role
    created_at: datetime
    # it was never used, and nobody else can use it until this transaction ends
    is_ours: bool
    # when it was used, by the clock of whoever did
    used_at: datetime | None
    # neither it nor its session has ended, nor is that too old
    is_alive: bool
    # as `read_teams` takes them
    teams: str | None
    email_verified: bool
    has_second_factor: bool

    def as_user(self) -> User:
        """Whose session it is."""
        return User(id=self.user_id, email=self.email, name=self.name, role=self.role, created_at=self.created_at)


class SessionRow(msgspec.Struct, frozen=True):
    """A session, as its user may see it."""

    id: UUID
    device_name: str
    ip: str | None
    created_at: datetime
    last_used_at: datetime
    ended_at: datetime | None
    ended_why: EndedWhy | None


class Opened(msgspec.Struct, frozen=True):
    """A new session."""

    id: UUID
    # of its user, now
    role: Role
    # of its user, as `read_teams` takes them
    teams: str | None
    email_verified: bool
    has_second_factor: bool
    # it was opened where one of this name was lately, or it is the first one of a new account
    is_known: bool


_INSERT_USER = """
INSERT INTO users (email, password_hash, name, role, email_verified_at)
VALUES (%s, %s, %s, %s, CASE WHEN %s THEN now() END)
RETURNING id, email, name, role, created_at
"""
_FIND_ACCOUNT = """
SELECT id, email, name, role, created_at, password_hash, email_verified_at IS NOT NULL AS email_verified FROM users
WHERE lower(email) IN (lower(%(normal)s), lower(%(typed)s))
ORDER BY lower(email) = lower(%(typed)s) DESC LIMIT 1
"""
_FIND_USER = "SELECT id, email, name, role, created_at FROM users WHERE id = %s AND kind = 'user'"
_FIND_HASH = "SELECT password_hash FROM users WHERE id = %s"
_REPLACE_HASH = "UPDATE users SET password_hash = %s WHERE id = %s AND password_hash = %s"
# Whoever changes the password at this moment waits, and ends what comes of the former one; or is seen here.
_HOLD = "SELECT email FROM users WHERE id = %s AND password_hash = %s FOR NO KEY UPDATE"
# What rides in an access token of the account `u`, beside its role.
_RIDING = """
(SELECT json_object_agg(m.team_id, m.role)::text FROM team_members m JOIN users t ON t.id = m.team_id
    WHERE m.user_id = u.id AND t.shut_at IS NULL) AS teams,
u.email_verified_at IS NOT NULL AS email_verified,
EXISTS (SELECT FROM totp WHERE user_id = u.id AND confirmed_at IS NOT NULL)
    OR EXISTS (SELECT FROM passkeys WHERE user_id = u.id) AS has_second_factor
""".strip()
# The account is held: whoever shuts it out, or gives it another role, at this moment ends this session, too, or is
# seen here. Of many sign-ins at once each counts the others.
_OPEN_SESSION = f"""
WITH held AS (
    SELECT id, role, email_verified_at, created_at FROM users WHERE id = %(user)s AND shut_at IS NULL
    FOR NO KEY UPDATE
), opened AS (
    INSERT INTO sessions (user_id, device_name, ip) SELECT id, %(device)s, %(ip)s::inet FROM held RETURNING id
)
SELECT opened.id, u.role, {_RIDING},
    EXISTS (
        SELECT FROM sessions s WHERE s.user_id = u.id AND s.device_name = %(device)s
            AND s.ip <<= %(network)s::inet AND s.revoked_why IS DISTINCT FROM 'replay'
    ) OR u.created_at > now() - interval '1 day'
        AND NOT EXISTS (SELECT FROM sessions s WHERE s.user_id = u.id) AS is_known
FROM opened, held u
"""  # noqa: S608
_END_LONGEST_UNUSED = """
UPDATE sessions SET revoked_at = now(), revoked_why = 'too_many' WHERE id IN (
    SELECT id FROM sessions WHERE user_id = %s AND revoked_at IS NULL ORDER BY last_used_at DESC OFFSET %s)
"""
_FIND_SHUT = "SELECT suspended_why, erase_at FROM users WHERE id = %s"
_RESTORE = "UPDATE users SET closed_at = NULL, erase_at = NULL, updated_at = now() WHERE id = %s AND erase_at > now()"
_LIST_ENDED = """
SELECT id, revoked_at FROM (
    (SELECT id, revoked_at FROM sessions
        WHERE revoked_at IS NOT NULL AND (revoked_at, id) > (%(since)s, %(after)s)
        ORDER BY revoked_at, id LIMIT %(most)s)
    UNION ALL
    (SELECT id, revoked_at FROM api_keys
        WHERE revoked_at IS NOT NULL AND (revoked_at, id) > (%(since)s, %(after)s)
        ORDER BY revoked_at, id LIMIT %(most)s)
) ended ORDER BY revoked_at, id LIMIT %(most)s
"""
_LIST_SHUT = """
SELECT id FROM users WHERE shut_at > %s ORDER BY shut_at DESC LIMIT 10000
"""
_ISSUE = """
INSERT INTO refresh_tokens (hash, session_id, expires_at) VALUES (%s, %s, now() + make_interval(days => %s))
"""
# One statement, so one snapshot: a token neither used nor ours is being used by another transaction right now.
_CLAIM = f"""
WITH ours AS (
    SELECT 1 FROM refresh_tokens WHERE hash = %(hash)s AND used_at IS NULL FOR UPDATE SKIP LOCKED
)
SELECT s.id AS session_id, u.id AS user_id, u.email, u.name, u.role, u.created_at,
    EXISTS (SELECT 1 FROM ours) AS is_ours, t.used_at,
    t.expires_at > now() AND s.revoked_at IS NULL AND u.shut_at IS NULL
        AND s.last_used_at > now() - %(rest)s::interval
        AND coalesce(s.created_at > now() - %(longest)s::interval, true) AS is_alive,
    {_RIDING}
FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id JOIN users u ON u.id = s.user_id
WHERE t.hash = %(hash)s
"""  # noqa: S608
_SPEND = """
WITH touched AS (
    UPDATE sessions SET last_used_at = now(), ip = coalesce(%(ip)s, ip)
    WHERE id = %(session)s AND revoked_at IS NULL RETURNING id
), spent AS (
    UPDATE refresh_tokens SET used_at = %(used_at)s
    WHERE hash = %(hash)s AND used_at IS NULL AND session_id IN (SELECT id FROM touched)
)
INSERT INTO refresh_tokens (hash, session_id, expires_at)
SELECT %(next)s, id, now() + make_interval(days => %(days)s) FROM touched
"""
_REVOKE = "UPDATE sessions SET revoked_at = now(), revoked_why = %s WHERE id = %s AND revoked_at IS NULL"
_REVOKE_BY_TOKEN = """
UPDATE sessions SET revoked_at = now(), revoked_why = 'logout'
WHERE id = (SELECT session_id FROM refresh_tokens WHERE hash = %s) AND revoked_at IS NULL
RETURNING id, user_id
"""
# A sign-in that waits for its second factor ends with them: the password that began it may be the stolen one. So does
# an export, unless it was the owner himself who signed out.
_REVOKE_ALL = """
WITH given_up AS (
    UPDATE sign_in_challenges SET spent_at = now() WHERE user_id = %(user)s AND spent_at IS NULL
), taken_back AS (
    UPDATE account_exports SET failed_at = now(), ready_at = NULL, size = NULL
    WHERE user_id = %(user)s AND failed_at IS NULL AND %(why)s <> ALL ('{logout_all,revoked,role_changed}')
)
UPDATE sessions SET revoked_at = now(), revoked_why = %(why)s
WHERE user_id = %(user)s AND revoked_at IS NULL AND id IS DISTINCT FROM %(kept)s
"""
_REVOKE_OWN = """
UPDATE sessions SET revoked_at = coalesce(revoked_at, now()), revoked_why = coalesce(revoked_why, 'revoked')
WHERE id = %s AND user_id = %s
"""
_IS_SIGNED_IN = "SELECT 1 FROM sessions WHERE id = %s AND revoked_at IS NULL"
# Those that can be refreshed, and for a week those that were ended.
_LIST = """
SELECT id, device_name, host(ip) AS ip, created_at, last_used_at, revoked_at AS ended_at, revoked_why AS ended_why
FROM sessions
WHERE user_id = %(user)s AND CASE WHEN revoked_at IS NULL
    THEN last_used_at > now() - %(rest)s::interval AND coalesce(created_at > now() - %(longest)s::interval, true)
    ELSE revoked_at > now() - interval '7 days' END
"""
_AFTER = "AND (created_at, id) < (%(created_at)s, %(id)s)"
_NEWEST = "ORDER BY created_at DESC, id DESC LIMIT %(limit)s"
_WAS_USED_FROM = """
SELECT EXISTS (
    SELECT FROM sessions WHERE user_id = %s AND ip <<= %s::inet AND revoked_why IS DISTINCT FROM 'replay')
"""
# A day longer than it works, so that a late replay still ends its session.
_DELETE_EXPIRED_TOKENS = """
DELETE FROM refresh_tokens WHERE hash IN (
    SELECT hash FROM refresh_tokens WHERE expires_at < now() - interval '1 day'
    ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED)
"""
# By when it was last used: else every session of the last days would be asked for its token (1.3 s for 400,000).
_DELETE_ENDED_SESSIONS = """
DELETE FROM sessions WHERE id IN (
    SELECT id FROM sessions s WHERE s.last_used_at < now() - make_interval(days => %s + 1)
      AND (s.revoked_at IS NULL OR s.revoked_at < now() - interval '7 days')
      AND NOT EXISTS (SELECT 1 FROM refresh_tokens t WHERE t.session_id = s.id)
    ORDER BY s.last_used_at LIMIT %s FOR UPDATE SKIP LOCKED)
"""


async def insert_user(
    db: Connection, email: str, password_hash: str | None, name: str, role: Role, *, verified: bool
) -> User:
    """The new account; raises EmailTaken where the address has one, however it is spelt."""
    try:
        async with db.transaction():
            user = await fetch_one(db, User, _INSERT_USER, (email, password_hash, name, role, verified))
    except UniqueViolation as error:
        if violated(error) == "users_email_unique":
            raise EmailTaken from None
        raise
    assert user is not None
    return user


async def find_account(db: Connection, normal: str, typed: str) -> Account | None:
    """The account of an address: stored in its normal form, else as it was typed."""
    return await fetch_one(db, Account, _FIND_ACCOUNT, {"normal": normal, "typed": typed})


async def find_user(db: Connection, user_id: UUID) -> User | None:
    """The account of an id; a team, which nobody signs in to, is none."""
    return await fetch_one(db, User, _FIND_USER, (user_id,))


async def find_hash(db: Connection, user_id: UUID) -> str | None:
    """The hash of an account's password."""
    stored: str | None = await fetch_value(db, _FIND_HASH, (user_id,))
    return stored


async def replace_hash(db: Connection, user_id: UUID, old: str, new: str) -> None:
    """Replaces the hash, unless the password was changed meanwhile."""
    await execute(db, _REPLACE_HASH, (new, user_id, old))


async def hold(db: Connection, user_id: UUID, password_hash: str) -> str | None:
    """The account's address; None where this is the hash of its password no longer.

    Nobody changes the password until the transaction ends.
    """
    email: str | None = await fetch_value(db, _HOLD, (user_id, password_hash))
    return email


async def open_session(db: Connection, user_id: UUID, device_name: str, device: Device) -> Opened | None:
    """A new session: one device, one family of refresh tokens. None where the account is shut out, or gone."""
    params = {"user": user_id, "device": device_name, "ip": device.ip, "network": device.network}
    return await fetch_one(db, Opened, _OPEN_SESSION, params)


async def end_longest_unused(db: Connection, user_id: UUID, most: int) -> int:
    """Ends what a user, who is held, has of sessions beyond so many; returns how many those were."""
    return await execute(db, _END_LONGEST_UNUSED, (user_id, most))


async def find_shut(db: Connection, user_id: UUID) -> ShutOut | None:
    """Why an account is not let in; None where it is gone."""
    return await fetch_one(db, ShutOut, _FIND_SHUT, (user_id,))


async def restore(db: Connection, user_id: UUID) -> bool:
    """Keeps an account that was to be deleted; False where it was not, or its time is over."""
    return await execute(db, _RESTORE, (user_id,)) == 1


async def list_ended(db: Connection, since: datetime, after: UUID, most: int) -> list[Ended]:
    """Sessions that have ended, and API keys that were revoked since, in that order."""
    return await fetch_all(db, Ended, _LIST_ENDED, {"since": since, "after": after, "most": most})


async def list_shut(db: Connection, since: datetime) -> list[UUID]:
    """Accounts that were shut out since, and are."""
    return [row.id for row in await fetch_all(db, _Id, _LIST_SHUT, (since,))]


async def issue_token(db: Connection, token_hash: bytes, session_id: UUID, days: int) -> None:
    """Stores the hash of a session's next refresh token."""
    await execute(db, _ISSUE, (token_hash, session_id, days))


async def claim_token(
    db: Connection, token_hash: bytes, *, rest: timedelta, longest: timedelta | None
) -> Claim | None:
    """What is known of a token, which is the caller's to spend until the transaction ends where it `is_ours`.

    Its session is over that was not used for `rest`, or opened longer ago than `longest`. Never waits for another
    request with the same token.
    """
    return await fetch_one(db, Claim, _CLAIM, {"hash": token_hash, "rest": rest, "longest": longest})


async def spend_token(
    db: Connection,
    claim: Claim,
    token_hash: bytes,
    used_at: datetime,
    *,
    following: bytes,
    days: int,
    ip: str | None,
) -> bool:
    """Uses a claimed token up and stores the one that follows it; False where the session ended meanwhile."""
    params = {
        "session": claim.session_id,
        "hash": token_hash,
        "used_at": used_at,
        "next": following,
        "days": days,
        "ip": ip,
    }
    return await execute(db, _SPEND, params) == 1


async def revoke_session(db: Connection, session_id: UUID, why: EndedWhy) -> bool:
    """Ends a session: its refresh tokens are worthless from now on; False where it has ended before."""
    return await execute(db, _REVOKE, (why, session_id)) == 1


async def revoke_own(db: Connection, session_id: UUID, user_id: UUID) -> bool:
    """Ends a session of a user; one that has ended stays as it is. False where the user has no such session."""
    return await execute(db, _REVOKE_OWN, (session_id, user_id)) == 1


async def revoke_by_token(db: Connection, token_hash: bytes) -> EndedSession | None:
    """Ends the session of a refresh token, used or not; None where it had ended, or there is none."""
    return await fetch_one(db, EndedSession, _REVOKE_BY_TOKEN, (token_hash,))


async def revoke_all(db: Connection, user_id: UUID, why: EndedWhy, kept: UUID | None) -> int:
    """Ends every session of a user but the one that is kept; returns how many there were."""
    return await execute(db, _REVOKE_ALL, {"user": user_id, "why": why, "kept": kept})


async def is_signed_in(db: Connection, session_id: UUID | None) -> bool:
    """Whether a session has not ended."""
    return await fetch_value(db, _IS_SIGNED_IN, (session_id,)) is not None


async def was_used_from(db: Connection, user_id: UUID | None, network: str) -> bool:
    """Whether a user has or had a session from this network lately."""
    return bool(await fetch_value(db, _WAS_USED_FROM, (user_id, network)))


async def list_sessions(
    db: Connection,
    user_id: UUID,
    limit: int,
    after: Cursor | None,
    *,
    rest: timedelta,
    longest: timedelta | None,
) -> list[SessionRow]:
    """A user's sessions, newest first, but those that are over; one more than `limit` where there are more."""
    params = {"user": user_id, "rest": rest, "longest": longest, "limit": limit + 1}
    if after is None:
        return await fetch_all(db, SessionRow, f"{_LIST} {_NEWEST}", params)
    place = {"created_at": after.created_at, "id": after.id}
    return await fetch_all(db, SessionRow, f"{_LIST} {_AFTER} {_NEWEST}", {**params, **place})


async def delete_expired_tokens(db: Connection, most: int) -> int:
    """Deletes refresh tokens that expired a day ago; returns how many."""
    return await execute(db, _DELETE_EXPIRED_TOKENS, (most,))


async def delete_ended_sessions(db: Connection, most: int, *, refresh_days: int) -> int:
    """Deletes sessions that have no refresh token left; returns how many."""
    return await execute(db, _DELETE_ENDED_SESSIONS, (refresh_days, most))
