"""Counting views."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from tests.integration.conftest import Clock, Person, problem

from matinee.bootstrap import Services
from matinee.common.database import execute
from matinee.modules.views.repository import list_partitions, partition_of

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"


async def playable(ada: Person, services: Services, visibility: str = "public") -> str:
    """The path of a video that plays for a minute, as far as the table knows."""
    video_id = (await ada.init(visibility=visibility))["video"]["id"]
    async with services.database.connection() as db:
        await execute(db, "UPDATE videos SET status = 'READY', plan = '{}', duration = 60 WHERE id = %s", (video_id,))
    return f"/api/v1/videos/{video_id}"


async def watch(
    client: httpx.AsyncClient, path: str, seconds: float = 10, agent: str = FIREFOX, **headers: Any
) -> int:
    answer = await client.post(f"{path}/views", json={"seconds": seconds}, headers={"User-Agent": agent, **headers})
    return answer.status_code


async def views(services: Services, client: Any, path: str) -> int:
    await services.view_counter.write()
    return int((await client.get(f"{path}/counts")).json()["views"])


class TestCounting:
    async def test_each_viewer_counts_once_a_day(
        self, ada: Person, bob: Person, api: httpx.AsyncClient, services: Services, clock: Clock
    ) -> None:
        """Whatever comes at once; accounts as themselves, others by address and browser; who has seen enough."""
        path = await playable(ada, services)
        await asyncio.gather(*(watch(api, path) for _ in range(5)))
        await watch(api, path, agent="Mozilla/5.0 Chrome/150")
        for person in (ada, bob, bob):
            assert await watch(api, path, **person.headers) == 204
        assert await watch(api, path, seconds=9, agent="Mozilla/5.0 Safari/605") == 204
        assert await watch(api, path, agent="Googlebot/2.1") == 204
        assert await views(services, api, path) == 4
        await watch(api, path)
        assert await views(services, api, path) == 4
        clock.offset = 24 * 3600
        await watch(api, path)
        assert await views(services, api, path) == 5

    async def test_is_open_to_those_who_may_watch_and_to_nobody_else(
        self, ada: Person, api: httpx.AsyncClient, services: Services
    ) -> None:
        """By a token, too, also by one for a part."""
        path = await playable(ada, services, "signed")
        assert await watch(api, path) == 404
        made = await ada.post(f"{path}/playback-tokens", {"holder": "anyone", "end": 30})
        assert await watch(api, f"{made.json()['prefix']}{path}") == 204
        assert await views(services, ada, path) == 1
        unfinished = f"/api/v1/videos/{(await ada.init(visibility='public'))['video']['id']}"
        answer = await api.post(f"{unfinished}/views", json={"seconds": 10})
        problem(answer, 409, "video_not_playable")


class TestPartitions:
    async def test_are_made_ahead_and_dropped_past_their_time(
        self, ada: Person, api: httpx.AsyncClient, services: Services, clock: Clock
    ) -> None:
        """A week ahead; counts outlive them."""
        path = await playable(ada, services)
        await watch(api, path)
        for days in (0, 1, 45):
            clock.offset = days * 24 * 3600
            for _ in range(2):
                await services.views.keep_partitions()
            await watch(api, path)
            assert await views(services, api, path) == (1, 2, 3)[(0, 1, 45).index(days)]
        today = datetime.now(UTC).date()
        async with services.database.connection() as db:
            there = await list_partitions(db)
        assert there == [partition_of(today + timedelta(days=45 + ahead)) for ahead in range(1, 8)]
