"""Every query of administration."""

from datetime import datetime
from typing import LiteralString
from uuid import UUID

import msgspec
from msgspec import UNSET

from matinee.common.database import Connection, execute, fetch_all, fetch_one, fetch_value
from matinee.common.http.authentication import Role
from matinee.common.http.pagination import Cursor
from matinee.modules.administration.rules import pattern
from matinee.modules.administration.schemas import AccountKind, OpenSession, UsersQuery


class UserRow(msgspec.Struct, frozen=True):
    """An account."""

    id: UUID
    kind: AccountKind
    email: str | None
    email_verified: bool
    name: str
    role: Role
    created_at: datetime
    suspended_at: datetime | None
    suspended_why: str | None
    closed_at: datetime | None
    erase_at: datetime | None


class _Id(msgspec.Struct):
    id: UUID


_COLUMNS = """
id, kind, email, email_verified_at IS NOT NULL AS email_verified, name, role, created_at,
suspended_at, suspended_why, closed_at, erase_at
"""
_FROM = "FROM users"
_LIST = f"SELECT {_COLUMNS} {_FROM}"
_NEWEST = "ORDER BY created_at DESC, id DESC LIMIT %(limit)s"
_FIND = f"{_LIST} WHERE id = %s"
_LOCK = "SELECT role FROM users WHERE id = %s AND kind = 'user' FOR NO KEY UPDATE"
# Of two administrators who shut each other out at once, the second waits here, and finds himself to be the last one's
# only hope.
_LOCK_ADMINISTRATORS = """
SELECT id FROM users WHERE role = 'ADMIN' AND shut_at IS NULL ORDER BY id LIMIT 10000 FOR NO KEY UPDATE
"""
_SUSPEND = """
UPDATE users SET suspended_at = coalesce(suspended_at, now()), suspended_why = %s, updated_at = now() WHERE id = %s
"""
_LIFT = """
UPDATE users SET suspended_at = NULL, suspended_why = NULL, updated_at = now()
WHERE id = %s AND suspended_at IS NOT NULL
"""
_SET_ROLE = "UPDATE users SET role = %s, updated_at = now() WHERE id = %s"
_VERIFY_EMAIL = """
UPDATE users SET email_verified_at = now(), updated_at = now() WHERE id = %s AND email_verified_at IS NULL
"""
_LIST_SESSIONS = """
SELECT id, device_name, host(ip) AS ip, created_at, last_used_at FROM sessions
WHERE user_id = %s AND revoked_at IS NULL ORDER BY last_used_at DESC LIMIT 100
"""


async def list_users(db: Connection, query: UsersQuery, after: Cursor | None) -> list[UserRow]:
    """Accounts, newest first; one more than `limit` where there are more."""
    conditions: list[LiteralString] = ["kind = %(kind)s"]
    params: dict[str, object] = {"kind": query.kind, "limit": query.limit + 1}
    if query.q is not UNSET:
        conditions.append("lower(name || ' ' || coalesce(email, '')) LIKE %(pattern)s")
        params["pattern"] = pattern(query.q)
    if query.role is not UNSET:
        conditions.append("role = %(role)s")
        params["role"] = query.role
    if query.suspended is not UNSET:
        conditions.append("suspended_at IS NOT NULL" if query.suspended else "suspended_at IS NULL")
    if query.email_verified is not UNSET:
        conditions.append("email_verified_at IS NOT NULL" if query.email_verified else "email_verified_at IS NULL")
    if after is not None:
        conditions.append("(created_at, id) < (%(created_at)s, %(id)s)")
        params |= {"created_at": after.created_at, "id": after.id}
    where: LiteralString = " AND ".join(conditions)
    return await fetch_all(db, UserRow, f"{_LIST} WHERE {where} {_NEWEST}", params)


async def find_user(db: Connection, user_id: UUID) -> UserRow | None:
    """An account."""
    return await fetch_one(db, UserRow, _FIND, (user_id,))


async def lock_role(db: Connection, user_id: UUID) -> Role | None:
    """The role of an account, which nobody else changes until the transaction ends; None where there is none."""
    role: Role | None = await fetch_value(db, _LOCK, (user_id,))
    return role


async def lock_administrators(db: Connection) -> list[UUID]:
    """All who can administer; nobody else shuts one of them out until the transaction ends."""
    return [row.id for row in await fetch_all(db, _Id, _LOCK_ADMINISTRATORS)]


async def suspend(db: Connection, user_id: UUID, why: str) -> bool:
    """Shuts an account out; one that was before, since then, and now for that reason. False where there is none."""
    return await execute(db, _SUSPEND, (why, user_id)) == 1


async def lift(db: Connection, user_id: UUID) -> bool:
    """Lets an account in again; False where it was not shut out."""
    return await execute(db, _LIFT, (user_id,)) == 1


async def set_role(db: Connection, user_id: UUID, role: Role) -> None:
    """Gives an account a role."""
    await execute(db, _SET_ROLE, (role, user_id))


async def verify_email(db: Connection, user_id: UUID) -> bool:
    """The account's address is verified; False where it was."""
    return await execute(db, _VERIFY_EMAIL, (user_id,)) == 1


async def list_sessions(db: Connection, user_id: UUID) -> list[OpenSession]:
    """Where an account is signed in, the latest used first."""
    return await fetch_all(db, OpenSession, _LIST_SESSIONS, (user_id,))
