"""News of the database: whoever waits is woken, whatever happened to the listener meanwhile."""

import asyncio
import contextlib

import pytest
import structlog

from matinee.common.config import Settings
from matinee.common.database import Connection, Database, connect
from matinee.common.notifications import Notifications, announce


async def heard(notifications: Notifications, database: Database) -> None:
    """Returns once an announcement arrives; announces again where one was missed."""
    with notifications.subscribe("a-film") as news:
        while not news.is_set():
            async with database.transaction() as db:
                await announce(db, "a-film")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.2):
                    await news.wait()


class TestListen:
    async def test_a_mistake_of_ours_does_not_end_it(
        self, settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is logged with its traceback, and the listener goes on: without it every player waits in vain."""
        failures = [ZeroDivisionError("once"), ZeroDivisionError("twice")]

        async def connecting(url: str, name: str) -> Connection:
            if failures:
                raise failures.pop()
            return await connect(url, name)

        monkeypatch.setattr("matinee.common.notifications._RECONNECT_SECONDS", 0.01)
        monkeypatch.setattr("matinee.common.notifications.connect", connecting)
        notifications = Notifications(settings.database_url)
        with structlog.testing.capture_logs() as logs:
            listening = asyncio.create_task(notifications.listen())
            async with asyncio.timeout(10):
                await heard(notifications, database)
        assert not failures
        assert not listening.done()
        failed = [entry for entry in logs if entry["event"] == "notifications_failed"]
        assert [entry["log_level"] for entry in failed] == ["error", "error"]
        assert all(entry["exc_info"] for entry in failed)
        listening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await listening
