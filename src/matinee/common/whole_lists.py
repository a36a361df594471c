"""Lists that are read to their end a page at a time: by id, so that what is written meanwhile moves no place."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Generic, LiteralString, TypeVar
from uuid import UUID

import msgspec

from matinee.common.database import Connection, fetch_all
from matinee.common.http.pagination import Cursor, PageQuery, decode_cursor, encode_cursor

Row = TypeVar("Row", bound=msgspec.Struct)

_FIRST = UUID(int=0)
_ANY_TIME = datetime.fromtimestamp(0, UTC)  # a cursor has one; these lists are not in its order


class WholePage(msgspec.Struct, Generic[Row], frozen=True):
    """A page."""

    items: list[Row]
    next_cursor: str | None


def by_id(
    into: type[Row], statement: LiteralString, *, id_name: str = "id"
) -> Callable[[Connection, UUID, PageQuery], Awaitable[WholePage[Row]]]:
    """Reads a page of an account's rows.

    `statement`: in the order of the field `id_name`; takes `user`, the id that it comes `after`, and `limit`.
    """

    async def read(db: Connection, user_id: UUID, query: PageQuery) -> WholePage[Row]:
        after = decode_cursor(query.cursor)
        params = {"user": user_id, "after": after.id if after else _FIRST, "limit": query.limit}
        rows = await fetch_all(db, into, statement, params)
        if len(rows) < query.limit:
            return WholePage(rows, None)
        return WholePage(rows, encode_cursor(Cursor(_ANY_TIME, getattr(rows[-1], id_name))))

    return read
