"""Sealing anew what former keys have sealed, so that they can be dropped."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import msgspec

from matinee.common.database import Database, execute, fetch_all, fetch_value
from matinee.common.keys.port import NotOpenedError
from matinee.common.keys.ring import Keys

_BATCH = 100
_FIRST = UUID(int=0)


class SealedColumn(msgspec.Struct, frozen=True):
    """Where something sealed is kept, and for which purpose it was."""

    table: str
    id: str
    column: str
    purpose: bytes


class _Row(msgspec.Struct, frozen=True):
    id: UUID
    sealed: bytes


# `mark` is how the key in use begins what it seals: up to the first full stop, or not at all.
_FORMER = "FROM {table} WHERE substring({column} FOR position('.'::bytea IN {column})) <> %(mark)s"
_COUNT = f"SELECT count(*) {_FORMER}"
_LIST = f"SELECT {{id}} AS id, {{column}} AS sealed {_FORMER} AND {{id}} > %(after)s ORDER BY {{id}} LIMIT %(most)s"
_REPLACE = """
UPDATE {table} SET {column} = fresh.sealed
FROM unnest(%(ids)s::uuid[], %(former)s::bytea[], %(sealed)s::bytea[]) AS fresh (id, former, sealed)
WHERE {table}.{id} = fresh.id AND {table}.{column} = fresh.former
"""


class Resealing:
    """Goes through everything that is sealed and kept for long. May be stopped at any time, and begun again."""

    def __init__(self, database: Database, keys: Keys, columns: Sequence[SealedColumn]) -> None:
        self._database = database
        self._keys = keys
        self._columns = columns

    async def count(self) -> int:
        """What another key than the one in use has sealed."""
        values = {"mark": self._keys.mark}
        async with self._database.connection() as db:
            return sum([await fetch_value(db, _sql(_COUNT, each), values) for each in self._columns])

    async def run(self) -> AsyncIterator[tuple[int, int]]:
        """Seals everything anew; tells of each batch how much it was, and how much of it no key here opens."""
        for column in self._columns:
            after = _FIRST
            while rows := await self._list(column, after):
                after = rows[-1].id
                yield len(rows), await self._reseal(column, rows)

    async def _list(self, column: SealedColumn, after: UUID) -> list[_Row]:
        values = {"mark": self._keys.mark, "after": after, "most": _BATCH}
        async with self._database.connection() as db:
            return await fetch_all(db, _Row, _sql(_LIST, column), values)

    async def _reseal(self, column: SealedColumn, rows: list[_Row]) -> int:
        opened: list[tuple[_Row, bytes]] = []
        for row in rows:
            try:
                plain = await self._keys.open(column.purpose, row.sealed)
            except NotOpenedError:
                continue
            opened.append((row, await self._keys.seal(column.purpose, plain)))
        values = {
            "ids": [row.id for row, _ in opened],
            "former": [row.sealed for row, _ in opened],
            "sealed": [sealed for _, sealed in opened],
        }
        async with self._database.transaction() as db:
            await execute(db, _sql(_REPLACE, column), values)
        return len(rows) - len(opened)


def _sql(statement: str, of: SealedColumn) -> str:
    return statement.format(table=of.table, id=of.id, column=of.column)
