"""Comments: who reads, writes and moderates which."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest
from tests.integration.conftest import Person, SignUp, problem

from matinee.bootstrap import Services
from matinee.common.database import execute, fetch_value
from matinee.modules.counts.repository import fold

OWN = "/api/v1/user/comments"
_GIVE_PICTURE = "INSERT INTO channel_pictures (account_id, kind, version, jpeg) VALUES (%s, 'avatar', '1', 'jpeg')"


class Thread:
    """A public video of Ada's and what is said about it."""

    def __init__(self, video_id: str) -> None:
        self.video = f"/api/v1/videos/{video_id}"
        self.path = f"{self.video}/comments"

    async def say(self, person: Person, text: str, **more: Any) -> dict[str, Any]:
        answer = await person.post(self.path, {"text": text, **more})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def read(self, client: Any, **query: Any) -> dict[str, Any]:
        answer = await client.get(self.path, params=query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def texts(self, client: Any, **query: Any) -> list[str]:
        return [item["text"] for item in (await self.read(client, **query))["items"]]

    async def below(self, client: Any, comment: dict[str, Any], **query: Any) -> dict[str, Any]:
        answer = await client.get(f"{self.path}/{comment['id']}/replies", params=query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def decide(self, owner: Person, comment: dict[str, Any], state: str) -> httpx.Response:
        return await owner.client.put(
            f"{self.path}/{comment['id']}/state", json={"state": state}, headers=owner.headers
        )

    async def queue(self, owner: Person, queue: str) -> list[dict[str, Any]]:
        answer = await owner.get(f"{self.path}/review", params={"queue": queue})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])


@pytest.fixture
async def thread(ada: Person) -> Thread:
    """A public video with no comment yet."""
    return Thread((await ada.init(visibility="public"))["video"]["id"])


class TestReadingAndWriting:
    async def test_pages_hold_every_thread_once_in_either_order(
        self, thread: Thread, ada: Person, bob: Person, api: httpx.AsyncClient
    ) -> None:
        """Newest first; or those with the most likes and replies, also where many have as many."""
        said = [await thread.say(bob, f"number {number}") for number in range(7)]
        await thread.say(ada, "below", parent_id=said[2]["id"])
        liked = await ada.client.put(f"{thread.path}/{said[4]['id']}/like", headers=ada.headers)
        assert liked.status_code == 204
        orders = {}
        for sort in ("newest", "top"):
            seen, cursor = [], {}
            while page := await thread.read(api, sort=sort, limit=3, **cursor):
                seen += [item["text"] for item in page["items"]]
                if page["next_cursor"] is None:
                    break
                cursor = {"cursor": page["next_cursor"]}
            orders[sort] = seen
        assert orders["newest"] == [f"number {number}" for number in (6, 5, 4, 3, 2, 1, 0)]
        assert orders["top"] == [f"number {number}" for number in (4, 2, 6, 5, 3, 1, 0)]
        assert (await thread.read(api))["count"] == 8
        problem(await api.get(thread.path, params={"sort": "top", "cursor": "AA"}), 422, "invalid_cursor")

    async def test_answers_stand_below_the_top_comment_however_deep(
        self, thread: Thread, ada: Person, bob: Person, api: httpx.AsyncClient
    ) -> None:
        """Oldest first, each with what it answers; the page of threads tells how many there are."""
        top = await thread.say(bob, "top")
        first = await thread.say(ada, "first", parent_id=top["id"])
        second = await thread.say(bob, "second", parent_id=first["id"])
        assert (second["root_id"], second["parent_id"]) == (top["id"], first["id"])
        [shown] = (await thread.read(api))["items"]
        assert shown["replies"] == 2
        page = await thread.below(api, top, limit=1)
        rest = await thread.below(api, top, cursor=page["next_cursor"])
        assert [item["text"] for item in page["items"] + rest["items"]] == ["first", "second"]
        assert rest["next_cursor"] is None
        problem(await api.get(f"{thread.path}/{first['id']}/replies"), 404, "comment_not_found")

    async def test_text_is_plain_and_of_some_length(self, thread: Thread, bob: Person) -> None:
        assert (await thread.say(bob, " <i>hm</i>\u202e\x07 "))["text"] == "<i>hm</i>"
        problem(await bob.post(thread.path, {"text": "\u200b \n"}), 422, "nothing_said")
        problem(await bob.post(thread.path, {"text": "x" * 2001}), 422, "validation_failed")

    async def test_speaks_to_who_takes_part_and_to_nobody_else(
        self, thread: Thread, ada: Person, bob: Person, sign_up: SignUp
    ) -> None:
        """The owner, and whose comment is shown; a guessed id tells nobody's name, nor that his comment waits."""
        stranger = await sign_up(name="Cy")
        said = await thread.say(bob, "@Ada @Cy look", mentions=[ada.id, stranger.id, str(uuid4()), bob.id])
        assert [person["name"] for person in said["mentions"]] == ["Ada"]
        await ada.patch(thread.path, {"policy": "held"})
        waiting = await thread.say(stranger, "here")
        for state, names in (("hidden", []), ("shown", ["Cy"])):
            await thread.decide(ada, waiting, state)
            edited = await bob.patch(f"{thread.path}/{said['id']}", {"text": "@Cy", "mentions": [stranger.id]})
            assert [person["name"] for person in edited.json()["mentions"]] == names

    async def test_authors_are_shown_with_their_pictures(
        self, thread: Thread, ada: Person, bob: Person, sign_up: SignUp, services: Services
    ) -> None:
        """Of who has none, or is suspended, there is none, also for who decides."""
        async with services.database.transaction() as db:
            await execute(db, _GIVE_PICTURE, (bob.id,))
        said = await thread.say(bob, "seen it")
        path = f"/api/v1/channels/{bob.id}/pictures/avatar?v=1"
        assert said["author"] == {"id": bob.id, "name": said["author"]["name"], "handle": None, "avatar": path}
        assert (await thread.say(ada, "mine"))["author"]["avatar"] is None
        await ada.post(f"{thread.path}/{said['id']}/reports", {"reason": "Spam."})
        assert [item["author"]["avatar"] for item in await thread.queue(ada, "reported")] == [path]
        admin = await sign_up(role="ADMIN")
        await admin.client.put(f"/api/v1/users/{bob.id}/suspension", json={"reason": "Spam."}, headers=admin.headers)
        assert [item["author"]["avatar"] for item in await thread.queue(ada, "reported")] == [None]

    async def test_nobody_reads_about_what_he_may_not_see(
        self, thread: Thread, ada: Person, bob: Person, api: httpx.AsyncClient
    ) -> None:
        """By account or by token; a token for a part of the video does not open what is said about all of it."""
        said = await thread.say(bob, "seen it")
        await ada.patch(thread.video, {"visibility": "signed"})
        problem(await bob.get(thread.path), 404, "video_not_found")
        problem(await bob.post(thread.path, {"text": "again"}), 404, "video_not_found")
        problem(await api.get(f"{thread.path}/{said['id']}/replies"), 404, "video_not_found")
        for rule, status in (({}, 200), ({"end": 5}, 404)):
            made = await ada.post(f"{thread.video}/playback-tokens", {"holder": "anyone", **rule})
            answer = await api.get(f"{made.json()['prefix']}{thread.path}")
            assert answer.status_code == status, answer.text


class TestChanging:
    async def test_its_author_edits_it_and_nobody_else(self, thread: Thread, ada: Person, bob: Person) -> None:
        said = await thread.say(bob, "teh film")
        assert said["edited_at"] is None
        path = f"{thread.path}/{said['id']}"
        problem(await ada.patch(path, {"text": "mine"}), 403, "not_your_comment")
        problem(await ada.delete(path), 403, "not_your_comment")
        edited = (await bob.patch(path, {"text": "the film"})).json()
        assert edited["text"] == "the film"
        assert edited["edited_at"] > said["created_at"]

    async def test_deleting_leaves_a_place_only_for_what_answers_it(
        self, thread: Thread, ada: Person, bob: Person, api: httpx.AsyncClient
    ) -> None:
        """Without a name or a word; and nothing once the answers are gone too."""
        top = await thread.say(bob, "top")
        answer = await thread.say(ada, "answer", parent_id=top["id"])
        assert (await bob.delete(f"{thread.path}/{top['id']}")).status_code == 204
        page = await thread.read(api)
        [left] = page["items"]
        assert (left["state"], left["text"], left["author"], page["count"]) == ("deleted", "", None, 1)
        problem(await bob.post(thread.path, {"text": "x", "parent_id": top["id"]}), 404, "comment_not_found")
        assert (await ada.delete(f"{thread.path}/{answer['id']}")).status_code == 204
        page = await thread.read(api)
        assert (page["items"], page["count"]) == ([], 0)

    async def test_its_author_finds_and_deletes_it_where_he_sees_the_video_no_longer(
        self, thread: Thread, ada: Person, bob: Person, sign_up: SignUp
    ) -> None:
        """Private, or deleted: he is told nothing of the video but its id, and edits it no more."""
        other = Thread((await ada.init(visibility="public"))["video"]["id"])
        said = [await thread.say(bob, "first"), await other.say(bob, "second"), await thread.say(bob, "third")]
        title = (await bob.get(thread.video)).json()["title"]
        first = (await bob.get(OWN, params={"limit": 2})).json()
        rest = (await bob.get(OWN, params={"limit": 2, "cursor": first["next_cursor"]})).json()
        own = first["items"] + rest["items"]
        assert [item["text"] for item in own] == ["third", "second", "first"]
        assert (own[0]["video"]["title"], rest["next_cursor"]) == (title, None)
        await ada.patch(thread.video, {"visibility": "private"})
        await ada.delete(other.video)
        own = (await bob.get(OWN)).json()["items"]
        assert [(item["id"], item["video"]) for item in own] == [(item["id"], None) for item in reversed(said)]
        path = f"{thread.path}/{said[0]['id']}"
        problem(await bob.patch(path, {"text": "other"}), 404, "video_not_found")
        problem(await (await sign_up(name="Cy")).delete(path), 404, "video_not_found")
        for item in own:
            assert (await bob.delete(f"/api/v1/videos/{item['video_id']}/comments/{item['id']}")).status_code == 204
        problem(await bob.delete(path), 404, "video_not_found")
        assert (await bob.get(OWN)).json()["items"] == []

    async def test_places_go_with_the_last_answer(
        self, thread: Thread, ada: Person, bob: Person, api: httpx.AsyncClient
    ) -> None:
        """Up to what something else answers."""
        top = await thread.say(ada, "top")
        first = await thread.say(bob, "first", parent_id=top["id"])
        second = await thread.say(bob, "second", parent_id=first["id"])
        third = await thread.say(bob, "third", parent_id=second["id"])
        for comment, places in ((first, 3), (second, 3), (third, 0)):
            assert (await bob.delete(f"{thread.path}/{comment['id']}")).status_code == 204
            assert len((await thread.below(api, top))["items"]) == places
        assert await thread.texts(api) == ["top"]

    async def test_deleting_one_that_very_many_like_leaves_its_place(
        self, thread: Thread, ada: Person, bob: Person, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """For its likes are not deleted within a request. Where nothing answers it, a top comment is seen no more."""
        monkeypatch.setattr("matinee.modules.comments.service._MOST_DELETED", 1)
        top = await thread.say(bob, "top")
        answer = await thread.say(bob, "answer", parent_id=top["id"])
        for comment in (top, answer):
            for person in (ada, bob):
                await person.client.put(f"{thread.path}/{comment['id']}/like", headers=person.headers)
        assert (await bob.delete(f"{thread.path}/{answer['id']}")).status_code == 204
        assert [item["text"] for item in (await thread.below(api, top))["items"]] == [""]
        assert (await thread.read(api))["count"] == 1
        assert (await bob.delete(f"{thread.path}/{top['id']}")).status_code == 204
        page = await thread.read(api)
        assert (page["items"], page["count"]) == ([], 0)

    async def test_what_a_gone_account_said_goes_with_it(
        self, thread: Thread, ada: Person, bob: Person, api: httpx.AsyncClient, services: Services
    ) -> None:
        """Unseen at once, deleted by upkeep; what others have answered stays."""
        top = await thread.say(bob, "top")
        await thread.say(bob, "alone")
        await thread.say(ada, "answer", parent_id=top["id"])
        async with services.database.transaction() as db:
            await execute(db, "DELETE FROM users WHERE id = %s", (bob.id,))
        assert await thread.texts(api) == ["", ""]
        async with services.database.transaction() as db:
            assert await services.comments.delete_orphans(db, 10) == 2
            assert await fetch_value(db, "SELECT count(*) FROM comments WHERE text IN ('top', 'alone')") == 0
        page = await thread.read(api)
        assert ([item["text"] for item in page["items"]], page["count"]) == ([""], 1)


class TestModerating:
    async def test_held_ones_wait_for_the_owner(
        self, thread: Thread, ada: Person, bob: Person, api: httpx.AsyncClient
    ) -> None:
        """His own do not; what is edited waits anew; nobody else decides."""
        assert (await ada.patch(thread.path, {"policy": "held"})).json() == {"policy": "held", "pinned": None}
        held = await thread.say(bob, "may I?")
        assert held["state"] == "held"
        assert (await thread.say(ada, "mine"))["state"] == "shown"
        assert await thread.texts(api) == ["mine"]
        problem(await bob.get(f"{thread.path}/review"), 404, "video_not_found")
        problem(await thread.decide(bob, held, "shown"), 404, "video_not_found")
        problem(await ada.post(thread.path, {"text": "x", "parent_id": held["id"]}), 404, "comment_not_found")
        assert [item["text"] for item in await thread.queue(ada, "held")] == ["may I?"]
        assert (await thread.decide(ada, held, "shown")).json()["state"] == "shown"
        assert await thread.texts(api) == ["mine", "may I?"]
        assert (await bob.patch(f"{thread.path}/{held['id']}", {"text": "spam"})).json()["state"] == "held"
        page = await thread.read(api)
        assert (len(page["items"]), page["count"]) == (1, 1)

    async def test_a_hidden_one_hides_its_thread_and_comes_back_with_it(
        self, thread: Thread, ada: Person, bob: Person, api: httpx.AsyncClient
    ) -> None:
        top = await thread.say(bob, "top")
        answer = await thread.say(bob, "answer", parent_id=top["id"])
        await thread.decide(ada, top, "hidden")
        page = await thread.read(api)
        assert (page["items"], page["count"]) == ([], 0)
        problem(await api.get(f"{thread.path}/{top['id']}/replies"), 404, "comment_not_found")
        problem(await bob.post(thread.path, {"text": "x", "parent_id": answer["id"]}), 404, "comment_not_found")
        assert (await bob.patch(f"{thread.path}/{top['id']}", {"text": "please"})).json()["state"] == "hidden"
        await thread.decide(ada, answer, "hidden")
        [shown_again, _] = sorted(await thread.queue(ada, "hidden"), key=lambda item: item["text"] != "please")
        await thread.decide(ada, shown_again, "shown")
        page = await thread.read(api)
        assert (page["items"][0]["replies"], page["count"]) == (0, 1)

    async def test_comments_that_are_off_are_neither_taken_nor_shown_nor_lost(
        self, thread: Thread, ada: Person, bob: Person, api: httpx.AsyncClient
    ) -> None:
        """Whoever wrote one may delete it all the same."""
        said = [await thread.say(bob, text) for text in ("stays", "goes")]
        await ada.patch(thread.path, {"policy": "off"})
        page = await thread.read(api)
        assert (page["items"], page["policy"], page["count"]) == ([], "off", 0)
        problem(await bob.post(thread.path, {"text": "hello?"}), 409, "comments_off")
        assert (await bob.delete(f"{thread.path}/{said[1]['id']}")).status_code == 204
        await ada.patch(thread.path, {"policy": "open"})
        assert await thread.texts(api) == ["stays"]

    async def test_the_pinned_one_comes_with_the_first_page(
        self, thread: Thread, ada: Person, bob: Person, api: httpx.AsyncClient
    ) -> None:
        """A top comment that is shown; hidden, it is pinned no more."""
        first, second = [await thread.say(bob, text) for text in ("first", "second")]
        answer = await thread.say(bob, "answer", parent_id=first["id"])
        problem(await ada.patch(thread.path, {"pinned": answer["id"]}), 404, "comment_not_found")
        problem(await bob.patch(thread.path, {"pinned": first["id"]}), 404, "video_not_found")
        assert (await ada.patch(thread.path, {"pinned": first["id"]})).json()["pinned"] == first["id"]
        page = await thread.read(api, limit=1)
        assert (page["pinned"]["text"], page["items"][0]["text"]) == ("first", "second")
        assert (await thread.read(api, cursor=page["next_cursor"]))["pinned"] is None
        await thread.decide(ada, first, "hidden")
        assert (await thread.read(api))["pinned"] is None
        assert second["id"]

    async def test_what_waits_is_counted_as_far_as_it_costs_nothing(
        self, thread: Thread, ada: Person, bob: Person, sign_up: SignUp, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """In both queues, whichever is looked at; of what is reported also anywhere."""
        monkeypatch.setattr("matinee.modules.comments.service.MOST_COUNTED", 2)
        admin, said = await sign_up(role="ADMIN"), await thread.say(bob, "buy now")
        await admin.post(f"{thread.path}/{said['id']}/reports", {"reason": "Spam."})
        await ada.patch(thread.path, {"policy": "held"})
        for number in range(3):
            await thread.say(bob, f"number {number}")
        review = (await ada.get(f"{thread.path}/review", params={"queue": "hidden", "limit": 1})).json()
        everywhere = (await admin.get("/api/v1/comments/reported")).json()
        assert (review["held"], review["reported"], everywhere["reported"]) == (2, 1, 1)
        await thread.decide(admin, said, "hidden")
        assert (await admin.get("/api/v1/comments/reported")).json()["reported"] == 0

    async def test_reports_are_counted_once_and_settled_by_a_decision(
        self, thread: Thread, ada: Person, bob: Person, sign_up: SignUp
    ) -> None:
        """The owner sees how many and why; an administrator those of every video that is there; others nothing."""
        admin = await sign_up(role="ADMIN")
        said = await thread.say(bob, "buy now")
        for person in (admin, admin, ada):
            answer = await person.post(f"{thread.path}/{said['id']}/reports", {"reason": "It is spam.\x07"})
            assert answer.status_code == 204, answer.text
        [reported] = await thread.queue(ada, "reported")
        assert (reported["reports"], reported["reasons"]) == (2, ["It is spam."] * 2)
        everywhere = (await admin.get("/api/v1/comments/reported")).json()["items"]
        assert [item["id"] for item in everywhere] == [said["id"]]
        problem(await ada.get("/api/v1/comments/reported"), 403, "forbidden")
        assert (await thread.decide(admin, said, "shown")).status_code == 200
        await admin.post(f"{thread.path}/{said['id']}/reports", {"reason": "Still."})
        assert await thread.queue(ada, "reported") == []
        await bob.patch(f"{thread.path}/{said['id']}", {"text": "buy more"})
        await admin.post(f"{thread.path}/{said['id']}/reports", {"reason": "Again."})
        assert [item["reasons"] for item in await thread.queue(ada, "reported")] == [["Again."]]
        await ada.delete(thread.video)
        assert (await admin.get("/api/v1/comments/reported")).json()["items"] == []

    async def test_of_who_is_suspended_the_places_are_left(
        self, thread: Thread, ada: Person, bob: Person, sign_up: SignUp, api: httpx.AsyncClient
    ) -> None:
        """Neither his words nor his name, until he is let in again; who decides about them reads them."""
        admin, said = await sign_up(role="ADMIN"), await thread.say(bob, "buy now")
        await ada.patch(thread.path, {"pinned": said["id"]})
        await ada.post(f"{thread.path}/{said['id']}/reports", {"reason": "Spam."})
        suspension = f"/api/v1/users/{bob.id}/suspension"
        await admin.client.put(suspension, json={"reason": "Spam."}, headers=admin.headers)
        page = await thread.read(api)
        [place] = page["items"]
        assert (place["text"], place["author"], place["state"], page["pinned"]) == ("", None, "deleted", None)
        problem(await ada.post(thread.path, {"text": "x", "parent_id": said["id"]}), 404, "comment_not_found")
        assert [item["text"] for item in await thread.queue(ada, "reported")] == ["buy now"]
        await admin.delete(suspension)
        assert await thread.texts(api) == ["buy now"]

    async def test_what_an_administrator_has_hidden_only_administrators_show_again(
        self, thread: Thread, ada: Person, bob: Person, sign_up: SignUp, api: httpx.AsyncClient
    ) -> None:
        admin, said = await sign_up(role="ADMIN"), await thread.say(bob, "buy now")
        await thread.decide(admin, said, "hidden")
        problem(await thread.decide(ada, said, "shown"), 403, "taken_down")
        assert await thread.texts(api) == []
        await thread.decide(admin, said, "shown")
        assert (await thread.decide(ada, said, "hidden")).status_code == 200
        assert (await thread.decide(ada, said, "shown")).status_code == 200


class TestCounting:
    async def test_many_at_once_are_counted_and_liked_exactly(
        self, thread: Thread, ada: Person, bob: Person, api: httpx.AsyncClient, services: Services
    ) -> None:
        """Before the changes are folded, and after, however often."""
        top = await thread.say(ada, "top")
        say = [thread.say(bob, f"answer {number}", parent_id=top["id"]) for number in range(8)]
        like = [
            person.client.request(method, f"{thread.path}/{top['id']}/like", headers=person.headers)
            for person in (ada, bob)
            for method in ("PUT", "PUT")
        ]
        await asyncio.gather(*say, *like)
        for most in (3, 3, 100, 100):
            page = await thread.read(api)
            assert (page["count"], page["items"][0]["replies"], page["items"][0]["likes"]) == (9, 8, 2)
            async with services.database.transaction() as db:
                await fold(db, most)
        async with services.database.connection() as db:
            assert await fetch_value(db, "SELECT count(*) FROM count_changes") == 0
        await ada.client.delete(f"{thread.path}/{top['id']}/like", headers=ada.headers)
        [shown] = (await thread.read(api))["items"]
        assert shown["likes"] == 1


class TestWhoDecided:
    async def test_what_is_done_to_others_comments_is_recorded(
        self, thread: Thread, ada: Person, bob: Person, sign_up: SignUp
    ) -> None:
        """Whoever does it; what somebody does to his own is nobody's business."""
        admin = await sign_up(role="ADMIN")
        said, own = await thread.say(bob, "said"), await thread.say(ada, "own")
        await thread.decide(ada, own, "hidden")
        await thread.decide(ada, said, "hidden")
        await admin.delete(f"{thread.path}/{said['id']}")
        events = [(await admin.get(f"/api/v1/audit?target={each['id']}")).json()["items"] for each in (said, own)]
        assert [(each["what"], each["by"]["account"]["id"]) for each in events[0]] == [
            ("comment.deleted", admin.id),
            ("comment.moderated", ada.id),
        ]
        assert events[1] == []
