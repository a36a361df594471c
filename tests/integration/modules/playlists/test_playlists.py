"""Playlists: who sees and arranges which, and what stands where."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from tests.integration.conftest import Person, SignUp, problem
from tests.integration.modules.teams.staff import join, make_team

from matinee.bootstrap import Services
from matinee.common.database import execute, fetch_value
from matinee.modules.playlists import repository, service
from matinee.modules.playlists.exported import list_playlists
from matinee.modules.playlists.repository import remove_deleted

PLAYLISTS = "/api/v1/playlists"
_MANY_VIDEOS = """
INSERT INTO videos (owner_id, title, filename, filesize, filetype, part_size, status, visibility, created_at)
SELECT %s, 'Number ' || g, 'sea.mp4', 1000, 'video/mp4', 16777216, 'INITIATED', 'public',
    now() + g * interval '1 second'
FROM generate_series(1, %s) g
"""
_FILL = """
INSERT INTO playlist_items (playlist_id, video_id, place)
SELECT %s, id, row_number() OVER (ORDER BY created_at) FROM videos WHERE owner_id = %s
"""


class Shelf:
    """A playlist as its owner arranges it."""

    def __init__(self, owner: Person, playlist: dict[str, Any]) -> None:
        self.owner = owner
        self.id = UUID(playlist["id"])
        self.path = f"{PLAYLISTS}/{playlist['id']}"

    async def add(self, video: str, person: Person | None = None, **place: str) -> httpx.Response:
        person = person or self.owner
        return await person.client.put(f"{self.path}/videos/{video}", json=place, headers=person.headers)

    async def move(self, item: str, **place: str) -> httpx.Response:
        return await self.owner.client.put(f"{self.path}/items/{item}/place", json=place, headers=self.owner.headers)

    async def read(self, person: Any = None, **query: Any) -> dict[str, Any]:
        answer = await (person or self.owner).get(f"{self.path}/items", params=query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def videos(self, person: Any = None, **query: Any) -> list[str | None]:
        items = (await self.read(person, **query))["items"]
        return [item["video"] and item["video"]["id"] for item in items]


async def make(person: Person, title: str = "By the sea", **fields: Any) -> Shelf:
    answer = await person.post(PLAYLISTS, {"title": title, **fields})
    assert answer.status_code == 201, answer.text
    return Shelf(person, answer.json())


async def mine(person: Person, **query: Any) -> list[dict[str, Any]]:
    answer = await person.get(f"{PLAYLISTS}/mine", params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def new_videos(person: Person, count: int, visibility: str = "public") -> list[str]:
    return [(await person.init(visibility=visibility))["video"]["id"] for _ in range(count)]


@pytest.fixture
async def shelf(ada: Person) -> Shelf:
    """An unlisted playlist of Ada's, with nothing in it."""
    return await make(ada, visibility="unlisted")


async def filled(shelf: Shelf, count: int) -> list[str]:
    """Puts so many public videos in; their ids."""
    videos = await new_videos(shelf.owner, count)
    for video in videos:
        assert (await shelf.add(video)).status_code == 200
    return videos


class TestPlaylists:
    async def test_are_made_changed_and_deleted(self, ada: Person, api: httpx.AsyncClient) -> None:
        """The last changed stands first; who may see one is its owner's choice."""
        sea, hills = await make(ada, "Sea"), await make(ada, "Hills", visibility="public", description="All of them.")
        assert [each["title"] for each in await mine(ada)] == ["Hills", "Sea", "Watch later"]
        problem(await api.get(sea.path), 404, "playlist_not_found")
        changed = (await ada.patch(sea.path, {"title": "The sea", "visibility": "unlisted"})).json()
        assert (changed["title"], changed["description"], changed["items"]) == ("The sea", "", 0)
        assert [each["title"] for each in await mine(ada)] == ["The sea", "Hills", "Watch later"]
        assert (await api.get(sea.path)).json()["visibility"] == "unlisted"
        public = (await api.get(f"/api/v1/users/{ada.id}/playlists")).json()
        assert [(each["title"], each["owner"]["name"]) for each in public["items"]] == [("Hills", "Ada")]
        assert (await ada.delete(hills.path)).status_code == 204
        problem(await ada.get(hills.path), 404, "playlist_not_found")

    async def test_are_listed_by_pages(self, ada: Person) -> None:
        """Each is once in them."""
        made = [str((await make(ada, f"Number {number}", visibility="public")).id) for number in range(4)]
        for path in (f"{PLAYLISTS}/mine", f"/api/v1/users/{ada.id}/playlists"):
            page = (await ada.get(path, params={"limit": 3})).json()
            rest = (await ada.get(path, params={"limit": 3, "cursor": page["next_cursor"]})).json()
            assert [each["id"] for each in page["items"] + rest["items"]][:4] == made[::-1]
            assert rest["next_cursor"] is None

    async def test_to_watch_later_is_made_in(self, ada: Person, bob: Person) -> None:
        """For everyone, for himself alone; it stays whatever he does."""
        [later] = await mine(ada)
        assert (later["kind"], later["visibility"]) == ("watch_later", "private")
        shelf = Shelf(ada, later)
        [video] = await filled(shelf, 1)
        assert await shelf.videos() == [video]
        problem(await bob.get(shelf.path), 404, "playlist_not_found")
        problem(await ada.patch(shelf.path, {"visibility": "public"}), 409, "watch_later_stays")
        problem(await ada.delete(shelf.path), 409, "watch_later_stays")

    async def test_of_a_team_are_arranged_by_its_editors(self, ada: Person, bob: Person, sign_up: SignUp) -> None:
        """And seen by its viewers; others hear that there are none."""
        carl, team = await sign_up(name="Carl"), await make_team(ada)
        await join(ada, team, bob, "editor")
        await join(ada, team, carl, "viewer")
        shelf = await make(bob, owner=team)
        [video] = await filled(shelf, 1)
        for member in (ada, bob, carl):
            assert [each["id"] for each in await mine(member, owner=team)] == [str(shelf.id)]
            assert await shelf.videos(member) == [video]
        problem(await shelf.add(video, carl), 404, "playlist_not_found")
        problem(await carl.post(PLAYLISTS, {"title": "Mine", "owner": team}), 403, "team_role_needed")
        stranger = await sign_up(name="Eve")
        problem(await stranger.get(f"{PLAYLISTS}/mine", params={"owner": team}), 404, "team_not_found")
        problem(await stranger.get(shelf.path), 404, "playlist_not_found")

    async def test_are_as_many_as_an_account_may_have(self, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
        """Also where many are made at once; the made-in one is not counted."""
        monkeypatch.setattr(service, "MOST_PLAYLISTS", 3)
        answers = await asyncio.gather(*(ada.post(PLAYLISTS, {"title": "One of many"}) for _ in range(6)))
        assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 3
        problem(await ada.post(PLAYLISTS, {"title": "One more"}), 409, "too_many_playlists")

    async def test_of_a_team_that_is_gone_are_refused(self, ada: Person, services: Services) -> None:
        """A token may name it for some minutes more."""
        team = await make_team(ada)
        async with services.database.connection() as db:
            await execute(db, "DELETE FROM users WHERE id = %s", (team,))
        problem(await ada.post(PLAYLISTS, {"title": "By the sea", "owner": team}), 401, "unauthenticated")

    async def test_of_who_is_suspended_are_for_nobody(self, ada: Person, bob: Person, services: Services) -> None:
        shelf = await make(ada, visibility="public")
        async with services.database.connection() as db:
            await execute(db, "UPDATE users SET suspended_at = now(), suspended_why = 'x' WHERE id = %s", (ada.id,))
        problem(await bob.get(shelf.path), 404, "playlist_not_found")
        problem(await bob.get(f"{shelf.path}/items"), 404, "playlist_not_found")
        assert (await bob.get(f"/api/v1/users/{ada.id}/playlists")).json()["items"] == []

    async def test_are_exported_whole(self, ada: Person, bob: Person, shelf: Shelf, services: Services) -> None:
        """In their order, with what their owner may see no longer."""
        videos = await new_videos(bob, 2)
        for video in videos:
            await shelf.add(video, before=first) if (first := await _first(shelf)) else await shelf.add(video)
        await bob.patch(f"/api/v1/videos/{videos[0]}", {"visibility": "private"})
        async with services.database.connection() as db:
            page = await list_playlists(db, UUID(ada.id), service.PageQuery(limit=100))
        listed = {each.title: [str(video) for video in each.videos] for each in page.items}
        assert listed == {"Watch later": [], "By the sea": videos[::-1]}


async def _first(shelf: Shelf) -> str | None:
    items = (await shelf.read(limit=1))["items"]
    return items[0]["id"] if items else None


class TestItems:
    async def test_stand_where_they_are_put_and_once(self, shelf: Shelf) -> None:
        """At the end, before or behind another; what is there already stays where it is."""
        one, two, three, four = await new_videos(shelf.owner, 4)
        at = {video: (await shelf.add(video)).json()["id"] for video in (one, two)}
        assert (await shelf.add(three, before=at[one])).json()["position"] == 1
        assert (await shelf.add(four, after=at[one])).json()["position"] == 3
        again = (await shelf.add(two, before=at[one])).json()
        assert (again["id"], again["position"]) == (at[two], 4)
        assert await shelf.videos() == [three, one, four, two]
        assert (await shelf.owner.get(shelf.path)).json()["items"] == 4
        problem(await shelf.add(str(uuid4())), 404, "video_not_found")
        [five] = await new_videos(shelf.owner, 1)
        problem(await shelf.add(five, before=at[one], after=at[two]), 422, "two_places")
        problem(await shelf.add(five, before=str(uuid4())), 404, "playlist_item_not_found")

    async def test_are_moved_and_removed(self, shelf: Shelf) -> None:
        videos = await filled(shelf, 4)
        a, b, c, d = [item["id"] for item in (await shelf.read())["items"]]
        moves: Sequence[tuple[str, dict[str, str], str]] = (
            (d, {"before": a}, "dabc"),
            (d, {"after": b}, "abdc"),
            (a, {}, "bdca"),
            (c, {"before": a}, "bdca"),  # where it is already
            (c, {"after": c}, "bdca"),  # beside itself
        )
        names = dict(zip("abcd", videos, strict=True))
        for item, place, order in moves:
            assert (await shelf.move(item, **place)).status_code == 200
            assert await shelf.videos() == [names[letter] for letter in order], place
        assert (await shelf.owner.delete(f"{shelf.path}/items/{b}")).status_code == 204
        assert await shelf.videos() == [names[letter] for letter in "dca"]
        assert (await shelf.owner.get(shelf.path)).json()["items"] == 3
        for answer in (await shelf.move(b), await shelf.owner.delete(f"{shelf.path}/items/{b}")):
            problem(answer, 404, "playlist_item_not_found")

    async def test_have_room_between_the_same_two_forever(self, shelf: Shelf) -> None:
        """When the gap is used up all are numbered anew, and nothing is out of its order."""
        videos = await filled(shelf, 3)
        first, second, third = [item["id"] for item in (await shelf.read())["items"]]
        moving, waiting = second, third
        for _ in range(40):
            assert (await shelf.move(waiting, after=first)).status_code == 200
            moving, waiting = waiting, moving
        assert await shelf.videos() == videos

    async def test_of_a_video_that_one_may_not_see_are_empty_places(
        self, ada: Person, bob: Person, shelf: Shelf, services: Services, api: httpx.AsyncClient
    ) -> None:
        """Which say nothing of it and keep its place; a deleted one goes when upkeep comes by."""
        own, hidden, deleted, shown = [*await new_videos(ada, 1, "private"), *await new_videos(bob, 3)]
        for video in (own, hidden, deleted, shown):
            await shelf.add(video)
        await bob.patch(f"/api/v1/videos/{hidden}", {"visibility": "private"})
        await bob.delete(f"/api/v1/videos/{deleted}")
        assert await shelf.videos() == [own, None, None, shown]
        assert await shelf.videos(api) == [None, None, None, shown]
        text = (await api.get(f"{shelf.path}/items")).text
        assert not any(video in text for video in (own, hidden, deleted))
        problem(await shelf.add(hidden), 404, "video_not_found")
        problem(await ada.get(f"{PLAYLISTS}/mine", params={"video": hidden}), 404, "video_not_found")
        assert (await shelf.read(around=hidden, limit=1))["items"][0]["position"] == 1
        async with services.database.transaction() as db:
            assert await remove_deleted(db, 100) == 1
        assert await shelf.videos() == [own, None, shown]
        assert (await ada.get(shelf.path)).json()["items"] == 3
        empty = (await shelf.read())["items"][1]["id"]
        assert (await ada.delete(f"{shelf.path}/items/{empty}")).status_code == 204
        assert await shelf.videos() == [own, shown]

    async def test_are_paged_in_either_direction_from_anywhere(self, shelf: Shelf) -> None:
        videos = await filled(shelf, 9)
        middle = await shelf.read(around=videos[4], limit=3)
        seen = [item["video"]["id"] for item in middle["items"]]
        assert (seen, [item["position"] for item in middle["items"]]) == (videos[3:6], [4, 5, 6])
        earlier = await shelf.read(cursor=middle["previous_cursor"], limit=2)
        later = await shelf.read(cursor=middle["next_cursor"], limit=3)
        assert [item["video"]["id"] for item in earlier["items"]] == videos[1:3]
        assert [item["video"]["id"] for item in later["items"]] == videos[6:]
        assert later["next_cursor"] is None
        assert await shelf.videos(cursor=earlier["previous_cursor"], limit=2) == videos[:1]
        first = await shelf.read(limit=9)
        assert (first["previous_cursor"], first["next_cursor"]) == (None, None)
        assert await shelf.videos(around=str(uuid4()), limit=2) == videos[:2]
        problem(await shelf.owner.get(f"{shelf.path}/items", params={"cursor": "AA"}), 422, "invalid_cursor")

    async def test_tell_which_playlists_hold_a_video(self, ada: Person, shelf: Shelf) -> None:
        """With the item, by which it is taken out again."""
        await make(ada, "Hills")
        [video] = await filled(shelf, 1)
        item = (await shelf.read())["items"][0]["id"]
        held = {each["title"]: each["item_id"] for each in await mine(ada, video=video)}
        assert held == {"Watch later": None, "Hills": None, "By the sea": item}
        assert all(each["item_id"] is None for each in await mine(ada))

    async def test_are_as_many_as_a_playlist_holds(self, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(service, "MOST_ITEMS", 2)
        videos = await filled(shelf, 2)
        [more] = await new_videos(shelf.owner, 1)
        problem(await shelf.add(more), 409, "playlist_full")
        assert (await shelf.add(videos[0])).status_code == 200

    async def test_the_first_that_can_be_seen_has_the_poster(
        self, ada: Person, bob: Person, shelf: Shelf, services: Services
    ) -> None:
        hidden, shown = [*await new_videos(ada, 1, "private"), *await new_videos(ada, 1)]
        async with services.database.connection() as db:
            await execute(db, "UPDATE videos SET status = 'READY', plan = '{}', has_poster = true")
        await shelf.add(hidden)
        await shelf.add(shown)
        for person, first in ((ada, hidden), (bob, shown)):
            told = (await person.get(shelf.path)).json()
            assert (told["first_video"], f"/{first}/" in told["poster"]) == (first, True)


class TestAtOnce:
    async def test_fifty_adds_and_moves_lose_nothing(self, shelf: Shelf, services: Services) -> None:
        """Every video is in once, and no two share a place, however they come between each other."""
        async with services.database.connection() as db:
            await execute(db, _MANY_VIDEOS, (shelf.owner.id, 25))
        videos = [each["id"] for each in (await shelf.owner.get("/api/v1/videos/mine?limit=25")).json()["items"]]
        anchor = (await shelf.add(videos[0])).json()["id"]
        added = await asyncio.gather(*(shelf.add(video, before=anchor) for video in videos * 2))
        assert {answer.status_code for answer in added} == {200}
        items = [item["id"] for item in (await shelf.read(limit=100))["items"]]
        assert len(items) == 25
        moved = await asyncio.gather(*(shelf.move(item, after=anchor) for item in items * 2))
        assert {answer.status_code for answer in moved} == {200}
        assert set(await shelf.videos(limit=100)) == set(videos)
        assert (await shelf.owner.get(shelf.path)).json()["items"] == 25


class TestCost:
    async def test_pages_are_read_by_an_index_in_their_order(
        self, ada: Person, shelf: Shelf, services: Services
    ) -> None:
        """Of a full playlist, wherever; and of many playlists."""
        async with services.database.transaction() as db:
            await execute(db, _MANY_VIDEOS, (ada.id, 5000))
            await execute(db, _FILL, (shelf.id, ada.id))
            await execute(db, "ANALYZE playlists, playlist_items")
            params = {"playlist": shelf.id, "place": 2500, "limit": 20}
            for order in (repository._ITEMS_BEHIND, repository._ITEMS_BEFORE):
                read, index = await _rows_read(db, f"{repository._ITEMS} {order}", params)
                assert (read, index) == (20, "playlist_items_place_once")
            assert await fetch_value(db, "SELECT items FROM playlists WHERE id = %s", (shelf.id,)) == 5000
        page = await shelf.read(limit=100, around=await _video_at(services, shelf, 2500))
        assert [page["items"][0]["position"], page["items"][-1]["position"]] == [2450, 2549]


async def _rows_read(db: Any, statement: str, params: dict[str, object]) -> tuple[int, str]:
    plan = await fetch_value(db, f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", params)
    scan = json.loads(plan)[0]["Plan"]["Plans"][0]
    return round(scan["Actual Rows"]), scan["Index Name"]


async def _video_at(services: Services, shelf: Shelf, place: int) -> str:
    async with services.database.connection() as db:
        return str(
            await fetch_value(
                db, "SELECT video_id FROM playlist_items WHERE playlist_id = %s AND place = %s", (shelf.id, place)
            )
        )
