"""What features have of an account: each hands it in a page at a time, as its owner sees it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Protocol
from uuid import UUID

import msgspec
from msgspec import UNSET

from matinee.common.database import Connection, Database
from matinee.common.http.pagination import PageQuery

_PAGE = 100


class Page(Protocol):
    """A page of anything."""

    @property
    def items(self) -> Sequence[msgspec.Struct]: ...
    @property
    def next_cursor(self) -> str | None: ...


ReadPage = Callable[[Connection, UUID, PageQuery], Awaitable[Page]]
"""A page of what an account has. A feature that has something of accounts gives one in `bootstrap.py`."""


async def items_of(database: Database, read: ReadPage, user_id: UUID) -> AsyncIterator[msgspec.Struct]:
    """All of it; no connection is held between two pages."""
    cursor: str | None = None
    while True:
        async with database.connection() as db:
            page = await read(db, user_id, PageQuery(limit=_PAGE, cursor=UNSET if cursor is None else cursor))
        for item in page.items:
            yield item
        cursor = page.next_cursor
        if cursor is None:
            return


async def as_json(items: AsyncIterator[msgspec.Struct]) -> AsyncIterator[bytes]:
    """A JSON array, as it comes."""
    before = b"[\n"
    async for item in items:
        yield before + msgspec.json.encode(item)
        before = b",\n"
    yield b"\n]\n" if before == b",\n" else b"[]\n"
