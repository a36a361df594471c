"""PostgreSQL by hand-written SQL: one pool, rows straight into Structs.

Outside `transaction()` each statement is its own transaction, so a lone read costs one round trip.

Statements carry `%s` or `%(name)s` where values go, and `%%` for a percent sign; values are never part of the text.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from functools import cache
from types import TracebackType
from typing import Any, LiteralString, TypeVar

import asyncpg
import msgspec
import structlog
from asyncpg.pgproto import pgproto

from matinee.common.errors import Unavailable
from matinee.common.pool import Connection, ConnectionPool, PoolClosedError, PoolExhaustedError
from matinee.common.secret_file import latest

__all__ = [
    "Connection",
    "Database",
    "DatabaseUnavailable",
    "RowUUID",
    "UniqueViolation",
    "connect",
    "execute",
    "fetch_all",
    "fetch_one",
    "fetch_value",
    "violated",
]

log = structlog.get_logger()

Params = Sequence[Any] | dict[str, Any]
Row = TypeVar("Row", bound=msgspec.Struct)

RowUUID = pgproto.UUID
"""What rows hold: equal to any other UUID, and faster to compare with its like."""

UniqueViolation = asyncpg.UniqueViolationError

# A statement that takes longer is a bug or an outage; it must not pile up connections behind it.
STATEMENT_TIMEOUT_MS = 15_000
LOCK_TIMEOUT_MS = 5_000
# A process that is frozen or cut off in a transaction holds its rows for so long, and no other gets on with them.
IDLE_TRANSACTION_MS = 10_000
_CONNECT_SECONDS = 10.0
_LOAN_SECONDS = 10.0  # to wait for a free connection before the request is answered 503
_PAUSE = 0.2
# Seconds of a connection. A vault's agent fetches another user when nine tenths of the lease are over: of an hour six
# minutes are left then, in which the former one must be used no more.
LIFETIME = 300.0

# What a server that restarts, is overloaded or is away looks like from here: SQLSTATE classes 08, 40, 53, 57, 58 and
# 55P03; and 28, where the password was changed and the new one is still on its way to us. _LOST is asyncpg's own word
# for a connection that ended between two statements, or within one.
_OUTAGES = (
    asyncpg.PostgresConnectionError,
    asyncpg.exceptions.TransactionRollbackError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresSystemError,
    asyncpg.LockNotAvailableError,
    asyncpg.InvalidAuthorizationSpecificationError,
)
_LOST = (asyncpg.InterfaceError, asyncpg.InternalClientError)


Begin = Callable[[], Awaitable[Connection]]
"""Opens the transaction of a request, whose slow work is done by then: `Call.begin`."""


class DatabaseUnavailable(Unavailable):
    """The database does not answer; try again shortly."""


class Database:
    """The process's connections to PostgreSQL."""

    def __init__(self, url: str, *, size: int, name: str = "matinee") -> None:
        self.url = url
        self._pool = ConnectionPool(lambda: connect(url, name), size=size, patience=_LOAN_SECONDS, lifetime=LIFETIME)

    async def open(self) -> None:
        """Connects, within 10 s; raises DatabaseUnavailable where the server is away or lets us not in until then.

        Other errors of asyncpg say that the server does not want us.
        """
        deadline = asyncio.get_running_loop().time() + _CONNECT_SECONDS
        while True:
            try:
                async with self.connection():
                    return
            except DatabaseUnavailable:
                if asyncio.get_running_loop().time() > deadline:
                    raise
            await asyncio.sleep(_PAUSE)

    async def close(self) -> None:
        await self._pool.close()

    def connection(self) -> AbstractAsyncContextManager[Connection]:
        """A connection on which each statement is its own transaction; raises DatabaseUnavailable."""
        return _Loan(self._pool)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection inside one transaction, committed at the end of the block, rolled back by an exception.

        Raises DatabaseUnavailable; then nothing of the block was kept, unless the connection broke during the commit.
        """
        async with _Loan(self._pool) as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                yield connection
            except asyncio.CancelledError:
                raise  # the loan ends the connection; a ROLLBACK would wait for a server that hangs
            except BaseException:
                await transaction.rollback()
                raise
            await transaction.commit()


async def connect(url: str, name: str) -> Connection:
    """A connection of its own; raises DatabaseUnavailable, or what the server has against us."""
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            connection = await asyncpg.connect(
                latest(url),
                server_settings={
                    "application_name": name,
                    "statement_timeout": str(STATEMENT_TIMEOUT_MS),
                    "lock_timeout": str(LOCK_TIMEOUT_MS),
                    "idle_in_transaction_session_timeout": str(IDLE_TRANSACTION_MS),
                    "timezone": "UTC",
                    "datestyle": "ISO",  # times come as text
                },
            )
            await _read_times_as_text(connection)
    except (OSError, TimeoutError, ValueError) as error:  # the last: of a file that is half written
        raise DatabaseUnavailable from error
    return connection


async def _read_times_as_text(connection: Connection) -> None:
    """Has points in time sent as ISO 8601: `fromisoformat` reads one in 0.2 µs, where asyncpg's arithmetic takes 1.7.

    A page of twenty videos holds sixty of them.
    """
    try:
        await connection.set_type_codec(
            "timestamptz", schema="pg_catalog", encoder=datetime.isoformat, decoder=datetime.fromisoformat
        )
    except BaseException:
        connection.terminate()
        raise


class _Loan:
    """A connection out of the pool for a block; what an outage looks like becomes DatabaseUnavailable."""

    __slots__ = ("_connection", "_pool")

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool
        self._connection: Connection | None = None

    async def __aenter__(self) -> Connection:
        try:
            self._connection = await self._pool.take()
        except (PoolExhaustedError, PoolClosedError, *_OUTAGES) as error:
            raise _unavailable(error) from error
        return self._connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._connection is not None
        lost = type(error) in _LOST  # exactly: what asyncpg derives from them are our own mistakes
        if lost or isinstance(error, asyncio.CancelledError):
            self._connection.terminate()  # in mid-statement perhaps: nobody shall wait for its answer
        self._pool.give(self._connection)
        if error is not None and (lost or isinstance(error, _OUTAGES)):
            raise _unavailable(error) from error


def _unavailable(error: BaseException) -> DatabaseUnavailable:
    log.warning("database_unavailable", error=repr(error))
    return DatabaseUnavailable()


async def fetch_one(db: Connection, into: type[Row], sql: LiteralString, params: Params = ()) -> Row | None:
    """The first row as an `into` (columns in the order of its positional fields), or None."""
    text, values = _call(sql, params)
    record = await db.fetchrow(text, *values)
    return None if record is None else _maker(into, text, record)(*record)


async def fetch_all(db: Connection, into: type[Row], sql: LiteralString, params: Params = ()) -> list[Row]:
    """All rows, each as an `into`; the statement carries its own LIMIT."""
    text, values = _call(sql, params)
    records = await db.fetch(text, *values)
    if not records:
        return []
    make = _maker(into, text, records[0])
    return [make(*record) for record in records]


async def fetch_value(db: Connection, sql: LiteralString, params: Params = ()) -> Any:
    """The first column of the first row, or None."""
    text, values = _call(sql, params)
    return await db.fetchval(text, *values)


async def execute(db: Connection, sql: LiteralString, params: Params = ()) -> int:
    """Runs a statement and returns how many rows it touched."""
    text, values = _call(sql, params)
    status = await db.execute(text, *values)
    count = status.rpartition(" ")[2]
    return int(count) if count.isdigit() else 0


def violated(error: asyncpg.IntegrityConstraintViolationError) -> str:
    """The name of the constraint that was violated: what a repository turns into a domain error."""
    return error.constraint_name or ""


def _call(sql: str, params: Params) -> tuple[str, Sequence[Any]]:
    text, names = _numbered(sql)
    return text, [params[name] for name in names] if isinstance(params, dict) else params


_PLACEHOLDER = re.compile(r"%(?:\((\w+)\)s|s|%)")


@cache
def _numbered(sql: str) -> tuple[str, list[str]]:
    """A statement with PostgreSQL's own $1, $2 … for its placeholders, and the names of those that have one."""
    names: list[str] = []
    count = 0

    def number(found: re.Match[str]) -> str:
        nonlocal count
        if found[0] == "%%":
            return "%"
        if found[1] in names:
            return f"${names.index(found[1]) + 1}"
        if found[1]:
            names.append(found[1])
        count += 1
        return f"${count}"

    return _PLACEHOLDER.sub(number, sql), names


_checked: set[tuple[type[msgspec.Struct], str]] = set()


def _maker(into: type[Row], text: str, record: asyncpg.Record) -> Callable[..., Row]:
    """The Struct itself, once it is sure that the statement's columns are its fields."""
    if (into, text) not in _checked:
        columns = tuple(record.keys())
        if columns != into.__struct_fields__:
            raise TypeError(f"columns {columns} are not the fields {into.__struct_fields__} of {into.__name__}")
        _checked.add((into, text))
    return into
