"""Channels: who may change one, whose a handle is, what everybody is shown."""

import asyncio
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from tests.integration.conftest import Person, SignUp, problem
from tests.integration.media.test_pictures import DISGUISED, image
from tests.integration.modules.teams.staff import join, make_team
from tests.integration.modules.teams.test_team_videos import playable

from matinee.bootstrap import Services
from matinee.common.database import execute, fetch_value
from matinee.modules.channels.repository import delete_former_handles
from matinee.modules.counts.channels import fold_channels
from matinee.modules.search.indexing import Indexer

_LATER = "UPDATE handles SET kept_until = now() WHERE kept_until IS NOT NULL"


def of(channel: Person | str) -> str:
    return f"/api/v1/channels/{channel if isinstance(channel, str) else channel.id}"


async def call(person: Person, handle: str | None, channel: str | None = None) -> httpx.Response:
    return await person.patch(of(channel or person), {"handle": handle})


async def put(person: Person, picture: str, content: bytes, kind: str = "image/png") -> httpx.Response:
    headers = {**person.headers, "Content-Type": kind}
    return await person.client.put(f"{of(person)}/pictures/{picture}", content=content, headers=headers)


class TestAChannel:
    async def test_is_there_from_the_beginning(self, ada: Person, api: httpx.AsyncClient) -> None:
        """Everybody sees what was said of it, and nothing that is not for everybody."""
        shown = (await api.get(of(ada))).json()
        created = shown.pop("created_at")
        assert created
        nothing = {
            "id": ada.id, "kind": "user", "handle": None, "name": "Ada", "description": "", "links": [],
            "avatar": None, "banner": None, "subscribers": 0, "videos": 0,
        }  # fmt: skip
        assert shown == nothing
        said = {"description": "Films of\nthe sea.", "links": [{"title": "", "url": "https://ada.example.org/?a=b"}]}
        assert (await ada.patch(of(ada), {**said, "handle": "Ada"})).json()["handle"] == "ada"
        assert (await ada.patch(of(ada), {})).status_code == 200
        assert (await api.get(of("@ADA"))).json() == {**nothing, **said, "handle": "ada", "created_at": created}
        for link in ("javascript:alert(1)", "https://", "ftp://a.example/", "https:// a"):
            answer = await ada.patch(of(ada), {"links": [{"title": "x", "url": link}]})
            problem(answer, 422, "validation_failed")
        problem(await api.get(of("@nobody")), 404, "channel_not_found")

    async def test_is_changed_by_its_account_and_by_a_teams_editors(
        self, ada: Person, bob: Person, sign_up: SignUp, api: httpx.AsyncClient
    ) -> None:
        """A team is how somebody has a second channel."""
        team, viewer = await make_team(ada), await sign_up()
        await join(ada, team, bob, "editor")
        await join(ada, team, viewer, "viewer")
        assert (await call(bob, "harbour", team)).status_code == 200
        shown = (await api.get(of("@harbour"))).json()
        assert (shown["id"], shown["kind"], shown["name"]) == (team, "team", "Harbour Films")
        problem(await call(viewer, "mine", team), 403, "not_your_channel")
        problem(await call(bob, "mine", ada.id), 403, "not_your_channel")
        problem(await put(bob, "avatar", b"x"), 422, "bad_image")
        answer = await bob.delete(f"{of(ada)}/pictures/avatar")
        problem(answer, 403, "not_your_channel")

    async def test_lists_what_was_published_and_counts_it(
        self, ada: Person, bob: Person, api: httpx.AsyncClient, services: Services, tmp_path: Path
    ) -> None:
        """In the order in which it was made public; whatever becomes of a video, to the last one."""
        first, second = [await playable(services, ada, visibility="private") for _ in range(2)]
        third = await playable(services, ada, visibility="public")
        await playable(services, ada, visibility="unlisted")
        await ada.init(visibility="public")

        async def listed() -> list[str]:
            items, cursor = [], ""
            while True:
                page = (await api.get(f"{of(ada)}/videos?limit=1{cursor}")).json()
                items += [video["id"] for video in page["items"]]
                if page["next_cursor"] is None:
                    break
                cursor = f"&cursor={page['next_cursor']}"
            assert (await api.get(of(ada))).json()["videos"] == len(items)
            return items

        assert await listed() == [third]
        for video in (second, first):
            await ada.patch(f"/api/v1/videos/{video}", {"visibility": "public"})
        assert await listed() == [first, second, third]
        async with services.database.transaction() as db:
            await fold_channels(db, 2)
        await ada.patch(f"/api/v1/videos/{second}", {"visibility": "unlisted"})
        assert await listed() == [first, third]
        await ada.patch(f"/api/v1/videos/{second}", {"visibility": "public"})
        assert await listed() == [first, second, third]  # nothing is new for being hidden and shown again
        await ada.delete(f"/api/v1/videos/{first}")
        assert await listed() == [second, third]
        async with services.database.transaction() as db:
            await fold_channels(db, 100)
        assert await listed() == [second, third]
        owner = (await api.get(f"/api/v1/videos/{third}")).json()["owner"]
        assert owner == {"id": ada.id, "name": "Ada", "handle": None, "avatar": None}
        avatar = (await put(ada, "avatar", image(tmp_path, "a.png"))).json()["avatar"]
        assert (await api.get(f"/api/v1/videos/{third}")).json()["owner"] == {**owner, "avatar": avatar}

    async def test_lists_what_was_watched_most(
        self, ada: Person, bob: Person, api: httpx.AsyncClient, services: Services
    ) -> None:
        """On every page what is public alone, exactly by its views within a page, and each video once."""
        counts = (0, 7, 1001, 1000, 7, 300_000)
        views = {await playable(services, ada, visibility="public"): count for count in counts}
        hidden = [await playable(services, ada, visibility=each) for each in ("unlisted", "private", "public")]
        other = await playable(services, bob, visibility="public")
        async with services.database.connection() as db:
            for video, count in {**views, **dict.fromkeys([*hidden, other], 9000)}.items():
                await execute(db, "INSERT INTO video_counts (video_id, views) VALUES (%s, %s)", (video, count))
        while await Indexer(services.database, services.storage).index_some():
            pass
        await ada.patch(f"/api/v1/videos/{hidden[-1]}", {"visibility": "private"})  # and not indexed yet

        async def listed(limit: int) -> list[str]:
            items, cursor = [], ""
            while True:
                page = (await api.get(f"{of(ada)}/videos?sort=views&limit={limit}{cursor}")).json()
                items += [video["id"] for video in page["items"]]
                if page["next_cursor"] is None:
                    return items
                cursor = f"&cursor={page['next_cursor']}"

        assert [views[video] for video in await listed(20)] == [300_000, 1001, 1000, 7, 7, 0]
        for limit in (1, 2):
            assert sorted(await listed(limit)) == sorted(views)
        for cursor in ("sea", (await api.get(f"{of(ada)}/videos?limit=1")).json()["next_cursor"]):
            problem(await api.get(f"{of(ada)}/videos?sort=views&cursor={cursor}"), 422, "invalid_cursor")

    async def test_of_who_is_suspended_is_none(
        self, ada: Person, sign_up: SignUp, api: httpx.AsyncClient, services: Services
    ) -> None:
        """By id and by handle, with its pictures and videos, until the suspension is lifted."""
        admin = await sign_up(role="ADMIN")
        await call(ada, "ada")
        path = f"/api/v1/users/{ada.id}/suspension"
        await admin.client.put(path, json={"reason": "Spam."}, headers=admin.headers)
        for channel in (ada, "@ada"):
            for part in ("", "/videos", "/pictures/avatar"):
                problem(await api.get(f"{of(channel)}{part}"), 404, "channel_not_found")
        problem(await call(admin, "ada", admin.id), 409, "handle_taken")
        await admin.delete(path)
        assert (await api.get(of("@ada"))).status_code == 200


class TestAHandle:
    async def test_is_one_accounts(self, ada: Person, bob: Person, sign_up: SignUp) -> None:
        """Of many that ask at once one has it; nobody has what would be taken for the server."""
        people = [ada, bob, *[await sign_up() for _ in range(2)]]
        answers = await asyncio.gather(*(call(person, handle) for person in people for handle in ("sea", "SEA")))
        assert sorted({answer.status_code for answer in answers}) == [200, 409]
        assert len({answer.json()["id"] for answer in answers if answer.status_code == 200}) == 1
        problem(await call(ada, "Admin"), 409, "handle_reserved")
        for handle in ("ad", "a" * 31, "-ada", "a da", "ada.", "ädä"):
            problem(await call(ada, handle), 422, "validation_failed")

    async def test_that_is_given_up_leads_on_and_is_kept(
        self, ada: Person, bob: Person, api: httpx.AsyncClient, services: Services
    ) -> None:
        """For thirty days nobody else's; its account may have it back at any time."""
        await call(ada, "first")
        await call(ada, "second")
        assert (await api.get(of("@first"))).json()["handle"] == "second"
        problem(await call(bob, "first"), 409, "handle_taken")
        assert (await call(ada, "first")).json()["handle"] == "first"
        assert (await call(ada, None)).json()["handle"] is None
        assert (await api.get(of("@first"))).json()["id"] == ada.id
        async with services.database.connection() as db:
            await execute(db, _LATER)
        problem(await api.get(of("@second")), 404, "channel_not_found")
        assert (await call(bob, "first")).json()["handle"] == "first"
        async with services.database.transaction() as db:
            assert await delete_former_handles(db, 10) == 1
        assert (await api.get(of("@first"))).json()["id"] == bob.id

    async def test_nobody_keeps_more_than_some(self, ada: Person, api: httpx.AsyncClient) -> None:
        """Else one account could take a word a minute."""
        for handle in ("one1", "two2", "three3", "four4"):
            assert (await call(ada, handle)).status_code == 200
        problem(await call(ada, "five5"), 409, "too_many_handles")
        problem(await api.get(of("@five5")), 404, "channel_not_found")
        assert (await call(ada, "one1")).status_code == 200

    async def test_two_that_want_each_others_are_both_told(self, ada: Person, bob: Person) -> None:
        """Neither waits for the other for ever."""
        await call(ada, "left")
        await call(bob, "right")
        answers = await asyncio.gather(call(ada, "right"), call(bob, "left"))
        for answer in answers:
            problem(answer, 409, "handle_taken")

    async def test_is_suggested_where_it_is_free(self, ada: Person, bob: Person) -> None:
        path = f"{of(ada)}/suggested-handle"
        assert (await ada.get(path)).json() == {"handle": "ada"}
        await call(bob, "ada")
        assert (await ada.get(path)).json() == {"handle": "ada-2"}
        problem(await bob.get(path), 403, "not_your_channel")


class TestAPicture:
    async def test_is_kept_for_ever_by_an_address_of_its_own(
        self, ada: Person, api: httpx.AsyncClient, tmp_path: Path
    ) -> None:
        """It is encoded anew, to the size that is shown; the next one has another address."""
        first = (await put(ada, "avatar", image(tmp_path, "a.png"))).json()["avatar"]
        got = await api.get(first)
        assert (got.status_code, got.headers["content-type"]) == (200, "image/jpeg")
        assert got.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert got.content.startswith(b"\xff\xd8\xff")
        etag = {"If-None-Match": got.headers["etag"]}
        assert (await api.get(first, headers=etag)).status_code == 304
        second = (await put(ada, "avatar", image(tmp_path, "b.webp", size="50x90"), "image/webp")).json()["avatar"]
        assert second != first
        moved = await api.get(first)
        assert (moved.status_code, moved.headers["location"]) == (302, second)
        present = await api.get(f"{of(ada)}/pictures/avatar")
        assert present.headers["cache-control"] == "public, no-cache"
        problem(await api.get(f"{of(ada)}/pictures/banner"), 404, "no_channel_picture")
        assert (await ada.delete(f"{of(ada)}/pictures/avatar")).status_code == 204
        problem(await api.get(second), 404, "no_channel_picture")
        problem(await ada.delete(f"{of(ada)}/pictures/avatar"), 404, "no_channel_picture")

    @pytest.mark.parametrize("kind", ["svg behind png's signature", "page", "playlist"])
    async def test_is_an_image(self, ada: Person, kind: str) -> None:
        problem(await put(ada, "banner", DISGUISED[kind]), 422, "bad_image")


async def test_everything_of_it_goes_with_its_account(ada: Person, services: Services, tmp_path: Path) -> None:
    """Its handles are free then."""
    await call(ada, "ada")
    await call(ada, "lovelace")
    await ada.patch(of(ada), {"description": "Films."})
    await put(ada, "banner", image(tmp_path, "a.png"))
    async with services.database.connection() as db:
        await execute(db, "DELETE FROM users WHERE id = %s", (UUID(ada.id),))
        for table in ("handles", "channels", "channel_pictures"):
            assert await fetch_value(db, f"SELECT count(*) FROM {table}") == 0
