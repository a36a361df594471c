"""What an account has watched, and where it goes on."""

from typing import Any

import httpx
from tests.integration.conftest import Person, problem

from matinee.bootstrap import Services
from matinee.common.database import execute

HISTORY = "/api/v1/user/history"


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
