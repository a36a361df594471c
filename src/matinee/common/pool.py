"""The process's connections to PostgreSQL: opened when needed, lent to one borrower at a time."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from random import uniform
from typing import TYPE_CHECKING

import asyncpg

# generic for the type checker alone
if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection


class PoolExhaustedError(Exception):
    """Every connection is lent, and none came back in time."""


class PoolClosedError(Exception):
    """The pool was closed."""


class ConnectionPool:
    """Up to `size` connections; whoever finds none free waits `patience` seconds.

    After `lifetime` seconds at most a connection is ended: a vault that makes users of the database for an hour drops
    the one that it was opened by.

    Taking and giving back touch a list and a set, and nothing else. asyncpg's own pool makes a proxy, a task and a
    reset of each loan, which costs a quarter of the requests a second (docs/decisions/0005-asyncpg.md); our
    statements leave nothing behind in a session that a reset would have to clear.
    """

    def __init__(
        self, connect: Callable[[], Awaitable[Connection]], *, size: int, patience: float, lifetime: float
    ) -> None:
        self._connect = connect
        self._patience = patience
        self._lifetime = lifetime
        self._idle: list[Connection] = []  # used last in, first out: the rest may be closed by the server
        self._room = size  # connections that may still be opened
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self._old: set[Connection] = set()  # lent ones, to be ended when they come back
        self._closed = False

    async def take(self) -> Connection:
        """A connection for the caller alone, who gives it back.

        Raises PoolExhaustedError, PoolClosedError, and whatever connecting raises.
        """
        if self._closed:
            raise PoolClosedError
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            self._room += 1
        if self._room:
            self._room -= 1
            return await self._open()
        return await self._turn() or await self._open()

    def give(self, connection: Connection) -> None:
        """Takes a connection back, whatever state it is in; a closed one leaves room for a new one."""
        if connection in self._old:
            self._old.remove(connection)
            connection.terminate()
        self._pass_on(None if connection.is_closed() else connection)

    async def close(self) -> None:
        """Closes the idle connections now, and those that are lent when nobody waits for them any more."""
        self._closed = True
        await asyncio.gather(*(_end(connection) for connection in self._idle))

    async def _open(self) -> Connection:
        """A new connection in the room that the caller holds."""
        try:
            connection = await self._connect()
        except BaseException:
            self._pass_on(None)
            raise
        # not all at once, where they were opened together: each is 3 ms of the event loop
        lifetime = self._lifetime * uniform(0.8, 1)  # noqa: S311
        asyncio.get_running_loop().call_later(lifetime, self._retire, connection)
        return connection

    def _retire(self, connection: Connection) -> None:
        """Ends a connection that is old: at once where it is idle, else when it comes back."""
        if connection in self._idle:
            connection.terminate()
        elif not connection.is_closed():
            self._old.add(connection)

    async def _turn(self) -> Connection | None:
        """Waits for a connection, or for None: room to open one."""
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[Connection | None] = loop.create_future()
        self._waiting.append(turn)
        timer = loop.call_later(self._patience, _refuse, turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if not turn.cancelled() and turn.exception() is None:  # it came as the caller was leaving
                self._pass_on(turn.result())
            raise
        finally:
            timer.cancel()

    def _pass_on(self, connection: Connection | None) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(connection)
                return
        if connection is None:
            self._room += 1
        elif self._closed:
            connection.terminate()
        else:
            self._idle.append(connection)


def _refuse(turn: asyncio.Future[Connection | None]) -> None:
    if not turn.done():
        turn.set_exception(PoolExhaustedError())


async def _end(connection: Connection) -> None:
    try:
        await connection.close(timeout=2)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
        connection.terminate()
