"""Likes and dislikes."""

import asyncio

import httpx
from tests.integration.conftest import Person, problem

from matinee.bootstrap import Services
from matinee.modules.counts.repository import fold


async def react(person: Person, video: str, kind: str | None) -> dict[str, object]:
    body = {"content": b'{"kind": "%s"}' % kind.encode()} if kind else {}
    headers = {**person.headers, "Content-Type": "application/json"}
    method = "PUT" if kind else "DELETE"
    answer = await person.client.request(method, f"{video}/reaction", headers=headers, **body)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


class TestReacting:
    async def test_an_account_has_one_reaction_and_all_are_counted_exactly(
        self, ada: Person, bob: Person, api: httpx.AsyncClient, services: Services
    ) -> None:
        """Whatever comes at once or twice, and whether it is folded or not."""
        video = f"/api/v1/videos/{(await ada.init(visibility='public'))['video']['id']}"
        assert await react(bob, video, "like") == {
            "views": 0,
            "likes": 1,
            "dislikes": 0,
            "comments": 0,
            "reaction": "like",
        }
        assert (await react(bob, video, "dislike"))["reaction"] == "dislike"
        await asyncio.gather(*(react(person, video, kind) for person in (ada, bob) for kind in ["like"] * 4))
        for _ in range(3):
            assert (await api.get(f"{video}/counts")).json() == {
                "views": 0, "likes": 2, "dislikes": 0, "comments": 0, "reaction": None
            }  # fmt: skip
            async with services.database.transaction() as db:
                await fold(db, 2)
        await asyncio.gather(*(react(bob, video, None) for _ in range(3)))
        shown = (await ada.get(f"{video}/counts")).json()
        assert (shown["likes"], shown["reaction"]) == (1, "like")

    async def test_who_may_not_see_the_video_is_not_told(self, ada: Person, bob: Person) -> None:
        video = f"/api/v1/videos/{(await ada.init())['video']['id']}"
        problem(await bob.get(f"{video}/counts"), 404, "video_not_found")
        problem(await bob.delete(f"{video}/reaction"), 404, "video_not_found")
