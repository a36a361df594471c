"""Every query about what was done."""

from datetime import datetime
from typing import LiteralString
from uuid import UUID

import msgspec
from msgspec import UNSET

from matinee.common.acting import Actor, ActorKind
from matinee.common.database import Connection, execute, fetch_all
from matinee.common.http.pagination import Cursor
from matinee.modules.audit.actions import Action
from matinee.modules.audit.schemas import AuditFilter


class EventRow(msgspec.Struct, frozen=True):
    """Something that was done. Names and addresses are those of accounts that are there still."""

    at: datetime
    id: UUID
    what: Action
    actor: ActorKind
    actor_id: UUID | None
    actor_name: str | None
    actor_email: str | None
    key_id: UUID | None
    target: UUID | None
    account_id: UUID | None
    account_name: str | None
    account_email: str | None
    ip: str | None
    detail: str
    """JSON."""


class PlainRow(msgspec.Struct, frozen=True):
    """The same without names."""

    at: datetime
    id: UUID
    what: Action
    actor: ActorKind
    actor_id: UUID | None
    key_id: UUID | None
    target: UUID | None
    account_id: UUID | None
    ip: str | None
    detail: str


_INSERT = """
INSERT INTO audit_events (what, actor, actor_id, key_id, ip, target, account_id, detail)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s::text::jsonb)
"""
_LIST = """
SELECT e.at, e.id, e.what, e.actor, e.actor_id, b.name AS actor_name, b.email AS actor_email, e.key_id, e.target,
    e.account_id, a.name AS account_name, a.email AS account_email, host(e.ip) AS ip, e.detail::text AS detail
FROM audit_events e LEFT JOIN users b ON b.id = e.actor_id LEFT JOIN users a ON a.id = e.account_id
"""
_LIST_PLAIN = """
SELECT at, id, what, actor, actor_id, key_id, target, account_id, host(ip) AS ip, detail::text AS detail
FROM audit_events e
"""
_NEWEST = "ORDER BY e.at DESC, e.id DESC LIMIT %(limit)s"
_FILTERS: dict[str, LiteralString] = {
    "by": "e.actor_id = %(by)s",
    "what": "e.what = %(what)s",
    "target": "e.target = %(target)s",
    "account": "e.account_id = %(account)s",
    "since": "e.at >= %(since)s::date",
    "until": "e.at < %(until)s::date + 1",
}
_AFTER: LiteralString = "(e.at, e.id) < (%(created_at)s, %(id)s)"
# In the order of the key, so that a batch reads what it deletes and nothing besides.
_DELETE_OLD = """
DELETE FROM audit_events WHERE (at, id) IN (
    SELECT at, id FROM audit_events WHERE at < now() - make_interval(days => %s)
    ORDER BY at, id LIMIT %s FOR UPDATE SKIP LOCKED)
"""


async def insert_event(
    db: Connection, who: Actor, what: Action, target: UUID | None, account_id: UUID | None, detail: str
) -> None:
    """Adds an event; `detail` is JSON."""
    params = (what, who.kind, who.account_id, who.key_id, who.ip, target, account_id, detail)
    await execute(db, _INSERT, params)


async def list_events(db: Connection, wanted: AuditFilter, limit: int, after: Cursor | None) -> list[EventRow]:
    """Events, newest first; one more than `limit` where there are more."""
    where, params = _conditions(wanted, after)
    return await fetch_all(db, EventRow, f"{_LIST} {where} {_NEWEST}", {**params, "limit": limit + 1})


async def list_plain(db: Connection, wanted: AuditFilter, limit: int, after: Cursor | None) -> list[PlainRow]:
    """The same without names, `limit` at most."""
    where, params = _conditions(wanted, after)
    return await fetch_all(db, PlainRow, f"{_LIST_PLAIN} {where} {_NEWEST}", {**params, "limit": limit})


async def delete_old_events(db: Connection, most: int, *, days: int) -> int:
    """Deletes events that are older; returns how many."""
    await execute(db, "SET LOCAL matinee.retention = 'audit'")
    return await execute(db, _DELETE_OLD, (days, most))


def _conditions(wanted: AuditFilter, after: Cursor | None) -> tuple[LiteralString, dict[str, object]]:
    given = {name: value for name in _FILTERS if (value := getattr(wanted, name)) is not UNSET}
    conditions = [_FILTERS[name] for name in given]
    if after is not None:
        conditions.append(_AFTER)
        given |= {"created_at": after.created_at, "id": after.id}
    return ("WHERE " + " AND ".join(conditions) if conditions else ""), given
