"""What an account has watched, and where it goes on."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import msgspec
from tests.integration.conftest import Person, client_of, problem

from matinee.app import create_app
from matinee.bootstrap import Services
from matinee.common.database import execute, fetch_value
from matinee.common.http.pagination import PageQuery
from matinee.modules.history.exported import list_watches
from matinee.modules.history.repository import clear_history, remove_cleared

HISTORY = "/api/v1/user/history"
_ROWS = "SELECT count(*) FROM watch_history WHERE user_id = %s"
_WAITS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


async def watch(person: Person, video_id: str, position: float) -> httpx.Response:
    return await person.client.put(
        f"/api/v1/videos/{video_id}/position", json={"position": position}, headers=person.headers
    )


async def goes_on_at(person: Person, video_id: str) -> float | None:
    position: float | None = (await person.get(f"/api/v1/videos/{video_id}/position")).json()["position"]
    return position


async def watched(person: Person, **query: Any) -> list[tuple[str, float]]:
    page = (await person.get(HISTORY, params=query)).json()
    return [(item["video"]["id"], item["position"]) for item in page["items"]]


class TestHistory:
    async def test_goes_on_where_the_account_was_and_is_nobody_elses(
        self, ada: Person, bob: Person, services: Services
    ) -> None:
        """From the beginning where next to nothing or nearly all was seen."""
        video_id = (await ada.init(visibility="public"))["video"]["id"]
        async with services.database.connection() as db:
            await execute(db, "UPDATE videos SET duration = 100 WHERE id = %s", (video_id,))
        assert await goes_on_at(bob, video_id) is None
        for position, expected in ((3, None), (40, 40), (41.5, 41.5), (99, None)):
            assert (await watch(bob, video_id, position)).status_code == 204
            assert await goes_on_at(bob, video_id) == expected
        assert await watched(bob) == [(video_id, 99)]
        assert await watched(ada) == []

    async def test_is_listed_by_pages_without_what_may_be_seen_no_longer(self, ada: Person, bob: Person) -> None:
        """The latest first; nothing is noted of what may not be seen at all."""
        videos = [(await ada.init(visibility="public"))["video"]["id"] for _ in range(4)]
        for position, video_id in enumerate(videos):
            await watch(bob, video_id, position)
        await watch(bob, videos[0], 50)
        page = (await bob.get(HISTORY, params={"limit": 2})).json()
        rest = await watched(bob, cursor=page["next_cursor"])
        listed = [item["video"]["id"] for item in page["items"]] + [video_id for video_id, _ in rest]
        assert listed == [videos[0], videos[3], videos[2], videos[1]]
        await ada.patch(f"/api/v1/videos/{videos[3]}", {"visibility": "private"})
        assert videos[3] not in [video_id for video_id, _ in await watched(bob)]
        problem(await watch(bob, videos[3], 9), 404, "video_not_found")

    async def test_a_player_that_tells_without_end_is_refused(
        self, ada: Person, bob: Person, services: Services
    ) -> None:
        """For a while, and no other account's."""
        video_id = (await ada.init(visibility="public"))["video"]["id"]
        services.settings = msgspec.structs.replace(services.settings, rate_limits=True)
        async with client_of(create_app(services)) as limited:
            ada.client = bob.client = limited
            assert (await watch(bob, video_id, 1)).headers["ratelimit-remaining"] == "599"
            async with services.database.connection() as db:
                await execute(db, "UPDATE rate_limits SET hits = 600 WHERE bucket = %s", (f"position:{bob.id}",))
            problem(await watch(bob, video_id, 2), 429, "rate_limited")
            assert (await watch(ada, video_id, 3)).status_code == 204
            assert await watched(bob) == [(video_id, 1)]

    async def test_is_forgotten_by_one_and_all_and_paused(self, ada: Person, bob: Person) -> None:
        videos = [(await ada.init(visibility="public"))["video"]["id"] for _ in range(3)]
        for video_id in videos:
            await watch(bob, video_id, 10)
        assert (await bob.delete(f"{HISTORY}/{videos[2]}")).status_code == 204
        assert [video_id for video_id, _ in await watched(bob)] == [videos[1], videos[0]]
        assert (await bob.patch(HISTORY, {"paused": True})).json() == {"paused": True}
        assert (await watch(bob, videos[2], 30)).status_code == 204
        assert len(await watched(bob)) == 2
        assert (await bob.delete(HISTORY)).status_code == 204
        assert (await bob.get(HISTORY)).json() == {"items": [], "next_cursor": None, "paused": True}

    async def test_cleared_is_one_row_and_what_was_noted_is_removed_later(
        self, ada: Person, bob: Person, services: Services
    ) -> None:
        """However much it is. Nothing of it is shown from then on; what is watched anew is, and stays."""
        videos = [(await ada.init(visibility="public"))["video"]["id"] for _ in range(6)]
        for video_id in videos:
            await watch(bob, video_id, 10)
        await watch(ada, videos[0], 10)
        assert (await bob.delete(HISTORY)).status_code == 204
        async with services.database.connection() as db:
            assert await fetch_value(db, _ROWS, (UUID(bob.id),)) == 6
            assert await watched(bob) == []
            assert await goes_on_at(bob, videos[0]) is None
            assert (await list_watches(db, UUID(bob.id), PageQuery())).items == []
            await watch(bob, videos[5], 30)
            assert await remove_cleared(db, 2) == 2  # and whoever does is killed
            await watch(bob, videos[4], 20)
            assert await watched(bob) == [(videos[4], 20), (videos[5], 30)]
            assert [one.video_id for one in (await list_watches(db, UUID(bob.id), PageQuery())).items] == sorted(
                UUID(video_id) for video_id in videos[4:]
            )
            while await remove_cleared(db, 2):
                pass
            assert await fetch_value(db, _ROWS, (UUID(bob.id),)) == 2
            assert await watched(ada) == [(videos[0], 10)]
            await execute(db, "UPDATE history_clearings SET until = until - interval '1 minute'")
            await remove_cleared(db, 2)
            assert await fetch_value(db, "SELECT count(*) FROM history_clearings") == 0
        assert await watched(bob) == [(videos[4], 20), (videos[5], 30)]

    async def test_a_clearing_that_is_repeated_meanwhile_stays(self, bob: Person, services: Services) -> None:
        """Upkeep that found nothing left of the former one ends neither."""
        await bob.delete(HISTORY)
        database = services.database
        async with database.connection() as db:
            await execute(db, "UPDATE history_clearings SET until = until - interval '1 hour'")
            async with database.transaction() as clearing:
                await clear_history(clearing, UUID(bob.id))
                ending = asyncio.create_task(remove_cleared(db, 10))
                async with database.connection() as looking:
                    while not await fetch_value(looking, _WAITS):
                        assert not ending.done()
            await ending
            assert await fetch_value(db, "SELECT count(*) FROM history_clearings") == 1
