"""Subscriptions, what is counted of them, and the feed."""

import asyncio
from typing import Any

import httpx
import pytest
from tests.integration.conftest import Person, SignUp, problem
from tests.integration.modules.accounts.test_deletion import close, erase
from tests.integration.modules.teams.test_team_videos import playable

from matinee.bootstrap import Services
from matinee.common.database import fetch_value
from matinee.modules.counts.channels import fold_channels
from matinee.modules.subscriptions import service

MINE = "/api/v1/user/subscriptions"


def of(channel: Person) -> str:
    return f"/api/v1/channels/{channel.id}"


async def subscribe(person: Person, channel: Person) -> httpx.Response:
    return await person.client.put(f"{of(channel)}/subscription", headers=person.headers)


async def unsubscribe(person: Person, channel: Person) -> httpx.Response:
    return await person.delete(f"{of(channel)}/subscription")


async def feed(person: Person, limit: int = 20) -> list[str]:
    """The ids of all that is in it, a page at a time."""
    items: list[str] = []
    cursor = ""
    while True:
        page = (await person.get(f"{MINE}/feed?limit={limit}{cursor}")).json()
        items += [video["id"] for video in page["items"]]
        if page["next_cursor"] is None:
            return items
        cursor = f"&cursor={page['next_cursor']}"


async def mine(person: Person) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await person.get(MINE)).json()["items"]
    return items


class TestSubscribing:
    async def test_is_counted_exactly_whatever_comes_at_once(
        self, ada: Person, bob: Person, sign_up: SignUp, services: Services
    ) -> None:
        """Twice is harmless, folded or not."""
        carol = await sign_up(name="Carol")
        answers = await asyncio.gather(*(subscribe(person, ada) for person in (bob, carol) for _ in range(4)))
        assert [answer.status_code for answer in answers] == [200] * 8
        told = (await subscribe(bob, ada)).json()
        assert told == {"subscribed": True, "subscribers": 2}
        mixed = [do(bob, ada) for do in (subscribe, unsubscribe) * 5]
        assert {answer.status_code for answer in await asyncio.gather(*mixed)} == {200}
        last = (await unsubscribe(bob, ada)).json()
        for _ in range(3):
            assert last == {"subscribed": False, "subscribers": 1}
            async with services.database.transaction() as db:
                await fold_channels(db, 5)
            last = (await bob.get(f"{of(ada)}/subscription")).json()
        problem(await subscribe(ada, ada), 409, "own_channel")

    async def test_an_account_has_so_many(
        self, ada: Person, bob: Person, sign_up: SignUp, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Also when all come at once; what is subscribed to stays so."""
        monkeypatch.setattr(service, "MOST_SUBSCRIPTIONS", 2)
        channels = [bob, *[await sign_up() for _ in range(3)]]
        answers = await asyncio.gather(*(subscribe(ada, channel) for channel in channels))
        assert sorted(answer.status_code for answer in answers) == [200, 200, 409, 409]
        problem(next(answer for answer in answers if answer.status_code == 409), 409, "too_many_subscriptions")
        kept = next(channel for channel, each in zip(channels, answers, strict=True) if each.status_code == 200)
        assert (await subscribe(ada, kept)).status_code == 200

    async def test_who_is_shut_out_neither_counts_nor_is_shown(
        self, ada: Person, bob: Person, sign_up: SignUp, services: Services
    ) -> None:
        """Suspended twice, let in again: the count is right, and what was subscribed to is so again."""
        admin = await sign_up(role="ADMIN")
        video = await playable(services, ada, visibility="public")
        await subscribe(bob, ada)
        await subscribe(admin, ada)

        async def shut(person: Person) -> None:
            path = f"/api/v1/users/{person.id}/suspension"
            await admin.client.put(path, json={"reason": "Spam."}, headers=admin.headers)

        async def subscribers() -> int:
            return int((await admin.client.get(of(ada))).json()["subscribers"])

        await shut(bob)
        assert await subscribers() == 1
        await shut(bob)  # the reason may be another; it counts once
        assert await subscribers() == 1
        await admin.delete(f"/api/v1/users/{bob.id}/suspension")
        assert await subscribers() == 2
        assert await feed(admin) == [video]
        await shut(ada)
        assert await feed(admin) == []
        problem(await subscribe(admin, ada), 404, "channel_not_found")
        await admin.delete(f"/api/v1/users/{ada.id}/suspension")
        assert (await feed(admin), len(await mine(admin))) == ([video], 1)

    async def test_ends_also_where_the_channel_is_shut_out(
        self, ada: Person, bob: Person, sign_up: SignUp, services: Services
    ) -> None:
        """It still counts among those that one may have; nothing is told but that it is there, and to nobody else."""
        carol = await sign_up(name="Carol")
        await ada.patch(of(ada), {"handle": "ada"})
        await subscribe(bob, ada)
        await playable(services, ada, visibility="public")
        await close(services, ada)
        [told] = await mine(bob)
        assert told.pop("subscribed_at")
        assert told == {"id": ada.id, "available": False, "handle": None, "name": "", "avatar": None, "new": 0}
        problem(await unsubscribe(carol, ada), 404, "channel_not_found")
        problem(await bob.delete("/api/v1/channels/@ada/subscription"), 404, "channel_not_found")
        assert (await unsubscribe(bob, ada)).json() == {"subscribed": False, "subscribers": 0}
        assert await mine(bob) == []
        problem(await unsubscribe(bob, ada), 404, "channel_not_found")

    async def test_goes_with_either_account(
        self, ada: Person, bob: Person, sign_up: SignUp, services: Services
    ) -> None:
        """Also of a channel that many follow; nobody is counted who is gone."""
        carol = await sign_up(name="Carol")
        for person in (bob, carol):
            await subscribe(person, ada)
        await subscribe(ada, bob)
        await close(services, bob)
        assert (await carol.get(of(ada))).json()["subscribers"] == 1
        await erase(services, bob)
        assert (await carol.get(of(ada))).json()["subscribers"] == 1
        await close(services, ada)
        await erase(services, ada)
        async with services.database.transaction() as db:
            assert await fetch_value(db, "SELECT count(*) FROM subscriptions") == 0
            await fold_channels(db, 100)
            assert await fetch_value(db, "SELECT count(*) FROM channel_counts WHERE subscribers <> 0") == 0


class TestTheFeed:
    async def test_has_what_all_channels_have_published_newest_first(
        self, ada: Person, bob: Person, sign_up: SignUp, services: Services
    ) -> None:
        """Of each as much as there is, across all pages; nothing that is not public, and of nobody else."""
        carol, reader = await sign_up(name="Carol"), await sign_up(name="Dan")
        wanted = [await playable(services, person, visibility="public") for person in (ada, bob, bob, bob, ada, bob)]
        for visibility in ("private", "unlisted"):
            await playable(services, ada, visibility=visibility)
        await playable(services, carol, visibility="public")
        await ada.init(visibility="public")
        assert await feed(reader) == []
        await subscribe(reader, ada)
        await subscribe(reader, bob)
        for limit in (1, 2, 20):
            assert await feed(reader, limit) == wanted[::-1]
        later = await playable(services, ada, visibility="private")
        await playable(services, bob, visibility="public")
        await ada.patch(f"/api/v1/videos/{later}", {"visibility": "public"})
        assert (await feed(reader))[0] == later
        await unsubscribe(reader, bob)
        assert await feed(reader) == [later, wanted[4], wanted[0]]

    async def test_a_subscription_tells_what_is_new(self, ada: Person, bob: Person, services: Services) -> None:
        """Since the last look: what was published, not what was uploaded."""
        await playable(services, ada, visibility="public")
        hidden = await playable(services, ada, visibility="private")
        await ada.patch(of(ada), {"handle": "ada"})
        await subscribe(bob, ada)
        [told] = await mine(bob)
        assert (told["id"], told["handle"], told["name"], told["new"]) == (ada.id, "ada", "Ada", 0)
        await ada.patch(f"/api/v1/videos/{hidden}", {"visibility": "public"})
        await playable(services, ada, visibility="public")
        assert (await mine(bob))[0]["new"] == 2
        answer = await bob.client.put(f"{of(ada)}/subscription/seen", headers=bob.headers)
        assert answer.status_code == 204
        assert (await mine(bob))[0]["new"] == 0

    async def test_all_that_is_new_is_seen_at_once(
        self, ada: Person, bob: Person, sign_up: SignUp, services: Services
    ) -> None:
        """Of every channel, and of nobody else's."""
        carol = await sign_up(name="Carol")
        for reader, channel in ((carol, ada), (carol, bob), (bob, ada)):
            await subscribe(reader, channel)
        for owner in (ada, bob):
            await playable(services, owner, visibility="public")
        assert [told["new"] for told in await mine(carol)] == [1, 1]
        assert (await carol.client.put(f"{MINE}/seen", headers=carol.headers)).status_code == 204
        assert [told["new"] for told in await mine(carol)] == [0, 0]
        assert [told["new"] for told in await mine(bob)] == [1]

    async def test_the_list_is_paged(self, ada: Person, bob: Person, sign_up: SignUp) -> None:
        carol = await sign_up(name="Carol")
        for channel in (ada, bob):
            await subscribe(carol, channel)
        first = (await carol.get(f"{MINE}?limit=1")).json()
        second = (await carol.get(f"{MINE}?limit=1&cursor={first['next_cursor']}")).json()
        assert [each["id"] for page in (first, second) for each in page["items"]] == [bob.id, ada.id]
        assert second["next_cursor"] is None
