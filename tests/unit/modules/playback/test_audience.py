"""Who watches what, as one process knows it."""

import asyncio
from uuid import UUID

import pytest
import structlog

from matinee.modules.playback.audience import TELL_SECONDS, Audience, News, Place

PLACE = Place(UUID(int=1), "v360", 3)


async def _tell(news: News) -> None: ...


class TestWaiting:
    def test_one_of_many_asks_for_the_cell(self) -> None:
        """Those who come a moment later wait for what the first one asked for."""
        audience = Audience(_tell, clock=lambda: 5.0)
        with audience.waiting(PLACE) as first, audience.waiting(PLACE) as second:
            assert (first, second) == (True, False)

    def test_a_later_one_asks_again(self) -> None:
        """What the first one asked for may have been lost, or have failed."""
        now = 5.0
        audience = Audience(_tell, clock=lambda: now)
        with audience.waiting(PLACE):
            now += TELL_SECONDS
            with audience.waiting(PLACE) as later, audience.waiting(PLACE) as another:
                assert (later, another) == (True, False)

    def test_whoever_comes_after_all_have_left_asks(self) -> None:
        """Nothing is remembered of a cell that nobody waits for."""
        audience = Audience(_tell, clock=lambda: 5.0)
        with audience.waiting(PLACE):
            pass
        with audience.waiting(PLACE) as again:
            assert again


class TestKeepTelling:
    async def test_a_mistake_of_ours_does_not_end_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is logged, and the next batch is told."""
        monkeypatch.setattr("matinee.modules.playback.audience.TELL_SECONDS", 0.01)
        told = asyncio.Event()
        failures = [ZeroDivisionError()]

        async def tell(news: News) -> None:
            if failures:
                raise failures.pop()
            told.set()

        audience = Audience(tell)
        with structlog.testing.capture_logs() as logs, audience.waiting(Place(UUID(int=1), "v240", 3)):
            telling = asyncio.create_task(audience.keep_telling())
            async with asyncio.timeout(5):
                await told.wait()
        telling.cancel()
        assert [entry["event"] for entry in logs] == ["audience_failed"]
