"""News from the database: one LISTEN connection a process, shared by everyone who waits.

A waiter costs an asyncio.Event, no thread and no connection. News can be missed while the connection is down, so
whoever subscribed is woken after every reconnect and looks again.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import asyncpg
import structlog

from matinee.common.database import Connection, DatabaseUnavailable, connect, execute

log = structlog.get_logger()

CHANNEL = "matinee_video"
_RECONNECT_SECONDS = 1.0
_HEARTBEAT_SECONDS = 20.0


class Notifications:
    """Wakes waiters when something about a video changed."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._waiters: dict[str, set[asyncio.Event]] = {}
        self.ending = False
        """Whether the process is about to stop: who waits for ever waits no longer."""

    @contextmanager
    def subscribe(self, topic: str) -> Iterator[asyncio.Event]:
        """An event that is set at each news of the topic; the waiter clears it before it looks."""
        event = asyncio.Event()
        waiters = self._waiters.setdefault(topic, set())
        waiters.add(event)
        try:
            yield event
        finally:
            waiters.discard(event)
            if not waiters:
                self._waiters.pop(topic, None)

    def end(self) -> None:
        """The process is about to stop: wakes everyone, once."""
        self.ending = True
        for topic in list(self._waiters):
            self._wake(topic)

    async def listen(self) -> None:
        """Runs until cancelled, reconnecting for ever, whatever ended the connection."""
        while True:
            try:
                await self._listen_once()
            except (DatabaseUnavailable, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                log.warning("notifications_interrupted", error=repr(error))
            except Exception:  # a mistake of ours: a process that hears nothing more is useless, and would not say so
                log.exception("notifications_failed")
            await asyncio.sleep(_RECONNECT_SECONDS)

    async def _listen_once(self) -> None:
        connection = await connect(self._url, "matinee-listen")
        ended = asyncio.Event()
        connection.add_termination_listener(lambda _: ended.set())
        try:
            await connection.add_listener(CHANNEL, lambda *news: self._wake(str(news[-1])))
            for topic in list(self._waiters):
                self._wake(topic)
            while not ended.is_set():
                await _pause(ended, _HEARTBEAT_SECONDS)
                # a dead network says nothing by itself
                await connection.execute("SELECT 1", timeout=_HEARTBEAT_SECONDS)
        finally:
            connection.terminate()

    def _wake(self, topic: str) -> None:
        for event in self._waiters.get(topic, ()):
            event.set()


async def _pause(ended: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await ended.wait()


async def announce(db: Connection, topic: str) -> None:
    """Tells every process; heard when the transaction commits, not at all when it rolls back."""
    await execute(db, "SELECT pg_notify(%s, %s)", (CHANNEL, topic))


async def announce_all(db: Connection, topics: Sequence[str]) -> None:
    """As `announce`, of many in one statement."""
    await execute(db, "SELECT pg_notify(%s, topic) FROM unnest(%s::text[]) AS news (topic)", (CHANNEL, topics))
