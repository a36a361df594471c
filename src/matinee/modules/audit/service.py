"""Decisions about what was done: who reads how much of it."""

import csv
import io
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any
from uuid import UUID

import msgspec

from matinee.common.database import Connection, Database
from matinee.common.http.pagination import Cursor, PageQuery, decode_cursor, page_of
from matinee.modules.audit import repository
from matinee.modules.audit.repository import EventRow, PlainRow
from matinee.modules.audit.schemas import (
    AccountRef,
    AuditActor,
    AuditEvent,
    AuditFilter,
    AuditPage,
    AuditQuery,
    OwnEvent,
    OwnEventPage,
    SeenBy,
)

_BATCH = 1000  # rows of an export that are in memory at once, ~0.5 MB
_DECIDED_BY_OWNERS = ("team.", "video.", "comment.")  # of which others may be, who administer nothing
_COLUMNS = PlainRow.__struct_fields__
_read_detail = msgspec.json.Decoder(dict[str, Any]).decode

Write = Callable[[Sequence[PlainRow]], bytes]


async def list_events(db: Connection, query: AuditQuery) -> AuditPage:
    """What was done, newest first, for administrators."""
    rows = await repository.list_events(db, query, query.limit, decode_cursor(query.cursor))
    shown, cursor = page_of(rows, query.limit, _place)
    return AuditPage(items=[_event(row) for row in shown], next_cursor=cursor)


async def list_own(db: Connection, user_id: UUID, query: PageQuery) -> OwnEventPage:
    """What concerns an account, newest first, for its owner."""
    wanted = AuditFilter(account=user_id)
    rows = await repository.list_events(db, wanted, query.limit, decode_cursor(query.cursor))
    shown, cursor = page_of(rows, query.limit, _place)
    return OwnEventPage(items=[_own_event(row) for row in shown], next_cursor=cursor)


async def export(database: Database, wanted: AuditFilter, write: Write) -> AsyncIterator[bytes]:
    """What was done, newest first, a batch at a time; holds no connection while its reader is slow."""
    after: Cursor | None = None
    yield write([])
    while True:
        async with database.connection() as db:
            rows = await repository.list_plain(db, wanted, _BATCH, after)
        if rows:
            yield write(rows)
        if len(rows) < _BATCH:
            return
        after = _place(rows[-1])


def as_lines(rows: Sequence[PlainRow]) -> bytes:
    """A JSON object a line."""
    encode = msgspec.json.encode
    return b"".join(
        encode({**msgspec.structs.asdict(row), "detail": msgspec.Raw(row.detail.encode())}) + b"\n" for row in rows
    )


def as_table(rows: Sequence[PlainRow]) -> bytes:
    """Lines of RFC 4180; of no rows, the heads of the columns.

    Nothing in it is text that somebody chose, except within the JSON of `detail`: no cell is a formula.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows(msgspec.structs.astuple(row) for row in rows) if rows else writer.writerow(_COLUMNS)
    return text.getvalue().encode()


def _place(row: EventRow | PlainRow) -> Cursor:
    return Cursor(row.at, row.id)


def _event(row: EventRow) -> AuditEvent:
    actor = AccountRef(row.actor_id, row.actor_name, row.actor_email) if row.actor_id else None
    return AuditEvent(
        id=row.id,
        at=row.at,
        what=row.what,
        by=AuditActor(kind=row.actor, account=actor, key_id=row.key_id),
        target=row.target,
        account=AccountRef(row.account_id, row.account_name, row.account_email) if row.account_id else None,
        ip=row.ip,
        detail=_read_detail(row.detail),
    )


def _own_event(row: EventRow) -> OwnEvent:
    is_others = row.actor_id not in (None, row.account_id)
    return OwnEvent(
        id=row.id,
        at=row.at,
        what=row.what,
        by=_seen_by_its_owner(row),
        key_id=None if is_others else row.key_id,
        target=row.target,
        ip=None if is_others else row.ip,
        detail=_read_detail(row.detail),
    )


def _seen_by_its_owner(row: EventRow) -> SeenBy:
    if row.actor == "account" and row.actor_id != row.account_id:
        may_be_others = row.what.startswith(_DECIDED_BY_OWNERS) and row.what != "video.administered"
        return "somebody" if may_be_others else "administrator"
    if row.actor == "account":
        return "you"
    return "your_api_key" if row.actor == "api_key" else row.actor
