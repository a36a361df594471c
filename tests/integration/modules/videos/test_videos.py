"""Finding, changing, deleting and following videos."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
from tests.integration.conftest import PASSWORD, Clock, Person, SignUp, age, problem, remove_deleted

from matinee.bootstrap import Services
from matinee.common.config import Settings
from matinee.common.database import connect, execute, fetch_value
from matinee.common.http.viewer import Bearer, Viewer
from matinee.common.notifications import CHANNEL, announce
from matinee.common.storage.port import NoSuchUploadError, StorageUnavailable
from matinee.common.storage.s3 import S3Storage
from matinee.media import keys
from matinee.modules.videos.schemas import Video

VIDEOS = "/api/v1/videos"


async def make(services: Services, owner: Person, **fields: object) -> str:
    """A video in any state, straight in the database."""
    values = {"status": "READY", "visibility": "public", "plan": "{}", **fields}
    if values["status"] != "READY":
        values["plan"] = None
    if values["status"] == "FAILED":
        values["failure_code"], values["failure_detail"] = "not_a_video", "This is not a video."
    columns = ", ".join(values)
    marks = ", ".join(["%s"] * len(values))
    async with services.database.connection() as db:
        video_id = await fetch_value(
            db,
            f"INSERT INTO videos (owner_id, title, filename, filesize, filetype, part_size, {columns}) "
            f"VALUES (%s, 'Sea', 'sea.mp4', 1, 'video/mp4', 1, {marks}) RETURNING id",
            (owner.id, *values.values()),
        )
    return str(video_id)


class TestGet:
    async def test_a_new_video_is_private_to_its_owner(
        self, ada: Person, bob: Person, api: httpx.AsyncClient
    ) -> None:
        """Others and the anonymous get the same 404 as for an id that never was."""
        video_id = (await ada.init())["video"]["id"]
        assert (await ada.get(f"{VIDEOS}/{video_id}")).json()["status"] == "INITIATED"
        answers = [await bob.get(f"{VIDEOS}/{video_id}"), await api.get(f"{VIDEOS}/{video_id}")]
        answers.append(await api.get(f"{VIDEOS}/{uuid4()}"))
        details = {problem(answer, 404, "video_not_found")["detail"] for answer in answers}
        assert len(details) == 1

    @pytest.mark.parametrize("visibility", ["public", "unlisted"])
    async def test_public_and_unlisted_are_seen_by_whoever_has_the_id(
        self, ada: Person, api: httpx.AsyncClient, services: Services, visibility: str
    ) -> None:
        """Also without signing in."""
        video_id = await make(services, ada, visibility=visibility, status="UPLOADING")
        assert (await api.get(f"{VIDEOS}/{video_id}")).status_code == 200

    async def test_an_administrator_sees_everything(self, ada: Person, sign_up: SignUp) -> None:
        """Also private videos."""
        video_id = (await ada.init())["video"]["id"]
        admin = await sign_up(role="ADMIN")
        assert (await admin.get(f"{VIDEOS}/{video_id}")).status_code == 200

    async def test_the_files_name_is_its_owners_affair(
        self, ada: Person, bob: Person, api: httpx.AsyncClient, services: Services, sign_up: SignUp
    ) -> None:
        """Whoever may change the video sees what the file was called; others see the title."""
        admin = await sign_up(role="ADMIN")
        await make(services, ada)
        path = f"{VIDEOS}/{await make(services, ada, status='UPLOADING')}"
        seen = [(await person.get(path)).json()["filename"] for person in (ada, admin, bob)]
        seen.append((await api.get(path)).json()["filename"])
        assert seen == ["sea.mp4", "sea.mp4", None, None]
        assert {item["filename"] for item in (await ada.get(f"{VIDEOS}/mine")).json()["items"]} == {"sea.mp4"}
        assert [item["filename"] for item in (await bob.get(VIDEOS)).json()["items"]] == [None]

    async def test_a_failure_is_told_with_its_code(self, ada: Person, services: Services) -> None:
        """And a sentence."""
        video_id = await make(services, ada, status="FAILED")
        body = (await ada.get(f"{VIDEOS}/{video_id}")).json()
        assert body["failure"] == {"code": "not_a_video", "detail": "This is not a video."}
        assert body["playback"] is None

    @pytest.mark.parametrize("bad", ["1", "zz", "00000000-0000-0000-0000-00000000000g", "' OR 1=1--", "%00"])
    async def test_a_malformed_id_is_named(self, api: httpx.AsyncClient, bad: str) -> None:
        """422 with its path, never a 500."""
        answer = await api.get(f"{VIDEOS}/{bad}")
        assert problem(answer, 422, "validation_failed")["errors"][0]["path"] == "path.video_id"


class TestList:
    async def test_only_public_and_playable_are_listed(
        self, ada: Person, api: httpx.AsyncClient, services: Services
    ) -> None:
        """Private, unlisted and unfinished ones are not."""
        shown = await make(services, ada)
        await make(services, ada, visibility="private")
        await make(services, ada, visibility="unlisted")
        await make(services, ada, status="PROCESSING")
        items = (await api.get(VIDEOS)).json()["items"]
        assert [item["id"] for item in items] == [shown]
        assert items[0]["playback"]["hls"] == f"/playback/{shown}/master.m3u8"

    async def test_mine_are_all_mine_newest_first(self, ada: Person, bob: Person, services: Services) -> None:
        """In every state; nobody else's."""
        await make(services, bob)
        first = await make(services, ada, status="FAILED")
        second = (await ada.init())["video"]["id"]
        items = (await ada.get(f"{VIDEOS}/mine")).json()["items"]
        assert [item["id"] for item in items] == [second, first]

    async def test_a_status_filters(self, ada: Person, services: Services) -> None:
        """Only that state."""
        failed = await make(services, ada, status="FAILED")
        await ada.init()
        items = (await ada.get(f"{VIDEOS}/mine?status=FAILED")).json()["items"]
        assert [item["id"] for item in items] == [failed]

    async def test_pages_hold_every_video_once(self, ada: Person, services: Services) -> None:
        """Also when the creation times are equal."""
        made = {await make(services, ada) for _ in range(7)}
        async with services.database.connection() as db:
            await execute(db, "UPDATE videos SET created_at = now() WHERE owner_id = %s", (ada.id,))
        seen: list[str] = []
        cursor = ""
        while True:
            page = (await ada.get(f"{VIDEOS}/mine?limit=3{cursor}")).json()
            seen += [item["id"] for item in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        assert (set(seen), len(seen)) == (made, 7)

    @pytest.mark.parametrize(
        "cursor",
        [
            *("x", "AAAA", "ü", "kg", "%27%20OR%201%3D1", "zzzzzzzzzzzzzzzzzzzzzzzz"),
            # well-formed, at a time that UTC cannot say: 0001-01-01T00:00+14:00
            "krkwMDAxLTAxLTAxVDAwOjAwOjAwKzE0OjAw2SRiMjA2YzM3MC04NzhlLTRlMWUtYjJmNy0zNTVjMzBlYWFjNzY",
        ],
    )
    async def test_a_made_up_cursor_is_refused(self, api: httpx.AsyncClient, cursor: str) -> None:
        """With the way out."""
        problem(await api.get(f"{VIDEOS}?cursor={cursor}"), 422, "invalid_cursor")

    @pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "limit="])
    async def test_a_wrong_limit_is_named(self, api: httpx.AsyncClient, query: str) -> None:
        """1 to 100."""
        body = problem(await api.get(f"{VIDEOS}?{query}"), 422, "validation_failed")
        assert body["errors"][0]["path"] == "query.limit"


class TestChange:
    async def test_fields_left_out_stay(self, ada: Person) -> None:
        """PATCH changes what is sent."""
        video_id = (await ada.init(description="By the sea."))["video"]["id"]
        answer = await ada.patch(f"{VIDEOS}/{video_id}", {"visibility": "unlisted"})
        body = answer.json()
        assert (body["title"], body["description"], body["visibility"]) == ("Sea", "By the sea.", "unlisted")

    async def test_its_tags_are_given_with_the_file_and_changed(self, ada: Person) -> None:
        """Each once, however it is written; an empty list takes them away."""
        started = await ada.init(tags=["Sea", " sea ", "walks"], language="en")
        video_id = started["video"]["id"]
        assert (started["video"]["tags"], started["video"]["language"]) == (["Sea", "walks"], "en")
        kept = (await ada.patch(f"{VIDEOS}/{video_id}", {"title": "The sea"})).json()
        assert (kept["tags"], kept["language"], kept["views"]) == (["Sea", "walks"], "en", 0)
        assert (await ada.patch(f"{VIDEOS}/{video_id}", {"tags": []})).json()["tags"] == []

    @pytest.mark.parametrize("tags", [["x"] * 21, ["x" * 51], ["a\nb"], [" "], "sea"])
    async def test_bad_tags_are_refused(self, ada: Person, tags: object) -> None:
        """20 of 50 characters at most, each on one line."""
        video_id = (await ada.init())["video"]["id"]
        problem(await ada.patch(f"{VIDEOS}/{video_id}", {"tags": tags}), 422, "validation_failed")

    async def test_others_cannot(self, ada: Person, bob: Person, services: Services) -> None:
        """Not even of a public video; its existence is the most they learn."""
        video_id = await make(services, ada)
        problem(await bob.patch(f"{VIDEOS}/{video_id}", {"title": "Mine"}), 404, "video_not_found")

    @pytest.mark.parametrize("title", ["", " ", "x" * 101, "a\nb", "\x00"])
    async def test_a_bad_title_is_refused(self, ada: Person, title: str) -> None:
        """1 to 100 characters on one line, not blank."""
        video_id = (await ada.init())["video"]["id"]
        body = problem(await ada.patch(f"{VIDEOS}/{video_id}", {"title": title}), 422, "validation_failed")
        assert body["errors"][0]["path"] == "title"


class TestDelete:
    async def test_it_is_gone_at_once_and_its_objects_soon(
        self, ada: Person, services: Services, storage: S3Storage
    ) -> None:
        """The job removes every object and every part that was sent."""
        video_id = await ada.upload(b"x" * 100)
        key = keys.source_key(UUID(video_id))
        async with services.database.connection() as db:
            upload_id = await fetch_value(db, "SELECT upload_id FROM videos")
        await storage.put(f"videos/{video_id}/r1/v240/0.m4s", b"cell", "video/mp4")
        assert (await ada.delete(f"{VIDEOS}/{video_id}")).status_code == 204
        problem(await ada.get(f"{VIDEOS}/{video_id}"), 404, "video_not_found")
        assert (await ada.get(f"{VIDEOS}/mine")).json()["items"] == []
        assert await remove_deleted(services) == [video_id]
        assert await storage.delete_prefix(f"videos/{video_id}/") == 0
        with pytest.raises(NoSuchUploadError):
            await storage.list_parts(key, upload_id)

    async def test_what_is_stored_late_is_removed_too(
        self, ada: Person, services: Services, storage: S3Storage
    ) -> None:
        """By whoever was at work when it was deleted: the row stays until nobody can be, and then all goes again."""
        video_id = await make(services, ada)
        await ada.delete(f"{VIDEOS}/{video_id}")
        await remove_deleted(services)
        await storage.put(f"videos/{video_id}/r1/v240/0.m4s", b"late", "video/mp4")
        await services.videos.resume_deletes()
        assert await remove_deleted(services) == []
        await age(services, "deleted_at")
        await services.videos.resume_deletes()
        assert await remove_deleted(services) == [video_id]
        assert await storage.delete_prefix(f"videos/{video_id}/") == 0
        await services.videos.resume_deletes()
        assert await remove_deleted(services) == []

    async def test_it_is_tried_through_an_outage_until_it_is_done(
        self, ada: Person, services: Services, cut_off: Services, storage: S3Storage
    ) -> None:
        """Given up by the queue, it is enqueued again for as long as there is a row."""
        video_id = await make(services, ada)
        await storage.put(f"videos/{video_id}/r1/v240/0.m4s", b"cell", "video/mp4")
        await ada.delete(f"{VIDEOS}/{video_id}")
        await age(services, "deleted_at")
        with pytest.raises(StorageUnavailable):
            await remove_deleted(cut_off)
        async with services.database.connection() as db:
            await execute(db, "UPDATE procrastinate_jobs SET status = 'failed'")
        assert await storage.size(f"videos/{video_id}/r1/v240/0.m4s") == 4
        await services.videos.resume_deletes()
        assert await remove_deleted(services) == [video_id]
        assert await storage.delete_prefix(f"videos/{video_id}/") == 0
        async with services.database.connection() as db:
            assert await fetch_value(db, "SELECT count(*) FROM videos") == 0

    async def test_twice_is_not_found(self, ada: Person) -> None:
        """The second one finds nothing."""
        video_id = (await ada.init())["video"]["id"]
        await ada.delete(f"{VIDEOS}/{video_id}")
        problem(await ada.delete(f"{VIDEOS}/{video_id}"), 404, "video_not_found")

    async def test_others_cannot(self, ada: Person, bob: Person) -> None:
        """404, and the video stays."""
        video_id = (await ada.init())["video"]["id"]
        problem(await bob.delete(f"{VIDEOS}/{video_id}"), 404, "video_not_found")
        assert (await ada.get(f"{VIDEOS}/{video_id}")).status_code == 200


class TestUpkeep:
    async def test_abandoned_uploads_and_old_failures_go(self, ada: Person, services: Services) -> None:
        """After a day and a week; fresh ones stay."""
        old = [await make(services, ada, status=status) for status in ("INITIATED", "UPLOADING", "FAILED")]
        async with services.database.connection() as db:
            await execute(db, "UPDATE videos SET updated_at = now() - interval '8 days'")
        fresh = [await make(services, ada, status=status) for status in ("INITIATED", "UPLOADING", "FAILED")]
        kept = await make(services, ada)
        await services.videos.abandon(upload_hours=24, failed_days=7)
        mine = {item["id"] for item in (await ada.get(f"{VIDEOS}/mine")).json()["items"]}
        assert mine == {*fresh, kept}
        assert mine.isdisjoint(old)

    async def test_an_upload_that_is_completed_just_then_stays(self, ada: Person, services: Services) -> None:
        """Its row is held by the transaction that moves it on."""
        video_id = await make(services, ada, status="UPLOADING")
        async with services.database.connection() as db:
            await execute(db, "UPDATE videos SET updated_at = now() - interval '8 days'")
        async with services.database.transaction() as db:
            await execute(db, "UPDATE videos SET status = 'PROCESSING', updated_at = now()")
            await services.videos.abandon(upload_hours=24, failed_days=7)
        assert [item["id"] for item in (await ada.get(f"{VIDEOS}/mine")).json()["items"]] == [video_id]

    async def test_a_delete_that_was_given_up_is_tried_again(self, ada: Person, services: Services) -> None:
        """For as long as the row exists."""
        video_id = await make(services, ada)
        async with services.database.connection() as db:
            await execute(db, "UPDATE videos SET deleted_at = now() - interval '1 hour'")
        await services.videos.resume_deletes()
        async with services.database.connection() as db:
            args = await fetch_value(db, "SELECT args ->> 'video_id' FROM procrastinate_jobs")
        assert args == video_id


class TestAnnouncements:
    """Whoever follows a video hears of each change of its state, whoever made it."""

    @pytest.fixture
    async def heard(self, settings: Settings) -> AsyncIterator[asyncio.Queue[str]]:
        """What is announced, as every process hears it."""
        heard: asyncio.Queue[str] = asyncio.Queue()
        connection = await connect(settings.database_url, "test")
        await connection.add_listener(CHANNEL, lambda *news: heard.put_nowait(news[-1]))
        yield heard
        await connection.close()

    async def test_the_beginning_and_the_abort_of_an_upload(self, ada: Person, heard: asyncio.Queue[str]) -> None:
        """INITIATED → UPLOADING → gone."""
        video_id = (await ada.init())["video"]["id"]
        assert heard.empty()
        await ada.get(f"{VIDEOS}/signedurl/{video_id}")
        async with asyncio.timeout(10):
            assert await heard.get() == video_id
        await ada.get(f"{VIDEOS}/signedurl/{video_id}")  # addresses alone are no change
        await ada.post(f"{VIDEOS}/abort/{video_id}")
        async with asyncio.timeout(10):
            assert await heard.get() == video_id
        assert heard.empty()

    async def test_what_the_clock_abandons(self, ada: Person, services: Services, heard: asyncio.Queue[str]) -> None:
        """Each of them."""
        abandoned = {await make(services, ada, status="UPLOADING") for _ in range(2)}
        await age(services, "updated_at", hours=25)
        await services.videos.abandon(upload_hours=24, failed_days=7)
        async with asyncio.timeout(10):
            assert {await heard.get(), await heard.get()} == abandoned


class TestEvents:
    async def test_each_change_is_one_event_until_it_fails(self, ada: Person, services: Services) -> None:
        """One at once, one a change, and the stream ends by itself."""
        from matinee.modules.videos.events import VideoEvents

        video_id = UUID((await ada.init())["video"]["id"])
        viewer = Viewer(services.tokens.verify(ada.tokens["access_token"]))
        events = VideoEvents(services.database, services.videos, services.notifications, services.endings)
        async with services.database.connection() as db:
            first = await services.videos.get(db, viewer, video_id)
        seen = []
        async for raw in events.stream(first, viewer):
            if not raw.startswith(b"event: video"):
                continue
            seen.append(msgspec.json.decode(raw.partition(b"data: ")[2])["status"])
            if len(seen) == 1:
                async with services.database.transaction() as db:
                    await execute(
                        db,
                        "UPDATE videos SET status = 'FAILED', failure_code = 'x', failure_detail = 'y' WHERE id = %s",
                        (video_id,),
                    )
                    await announce(db, str(video_id))
        assert seen == ["INITIATED", "FAILED"]

    async def test_whoever_may_no_longer_see_it_is_told_it_is_gone(self, ada: Person, services: Services) -> None:
        """Deleted under the listener."""
        from matinee.modules.videos.events import VideoEvents

        video_id = (await ada.init())["video"]["id"]
        viewer = Viewer(services.tokens.verify(ada.tokens["access_token"]))
        events = VideoEvents(services.database, services.videos, services.notifications, services.endings)
        async with services.database.connection() as db:
            first = await services.videos.get(db, viewer, UUID(video_id))
        stream = events.stream(first, viewer)
        assert (await anext(stream)).startswith(b"event: video")
        await ada.delete(f"{VIDEOS}/{video_id}")
        async with asyncio.timeout(10):
            assert await anext(stream) == b"event: gone\ndata: {}\n\n"

    @pytest.mark.parametrize("by", ["access token", "playback token"])
    async def test_ends_with_what_its_viewer_came_with(
        self, ada: Person, services: Services, clock: Clock, by: str
    ) -> None:
        """Without a word: whoever is signed in still comes back by himself, and nobody else can."""
        from matinee.modules.videos.events import VideoEvents

        path = f"{VIDEOS}/{(await ada.init())['video']['id']}"
        viewer = Viewer(services.tokens.verify(ada.tokens["access_token"]))
        if by == "playback token":
            token = (await ada.post(f"{path}/playback-tokens", {})).json()["token"]
            viewer = Viewer(None, await services.grants.open(token, Bearer("127.0.0.1", None, None)))
        events = VideoEvents(
            services.database, services.videos, services.notifications, services.endings, clock=clock
        )
        first = msgspec.json.decode((await ada.get(path)).content, type=Video)
        clock.offset += viewer.expires_at - clock() - 0.5
        async with asyncio.timeout(10):
            told = [event.partition(b"\n")[0] async for event in events.stream(first, viewer)]
        assert (told[0], told[-1]) == (b"event: video", b": still here")

    async def test_ends_for_whoever_signs_out(
        self, ada: Person, services: Services, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """At the next sign of life, long before the token that it was opened with does."""
        from matinee.modules.videos import events as module

        monkeypatch.setattr(module, "KEEP_ALIVE_SECONDS", 0.05)
        path = f"{VIDEOS}/{(await ada.init())['video']['id']}"
        viewer = Viewer(services.tokens.verify(ada.tokens["access_token"]))
        events = module.VideoEvents(services.database, services.videos, services.notifications, services.endings)
        stream = events.stream(msgspec.json.decode((await ada.get(path)).content, type=Video), viewer)
        assert (await anext(stream)).startswith(b"event: video")
        assert await anext(stream) == b": still here\n\n"
        await ada.post("/api/v1/auth/logout-all", {"password": PASSWORD})
        clock.offset += 1
        async with asyncio.timeout(10):
            assert [event async for event in stream] == []

    async def test_a_private_one_is_not_followed_by_others(self, ada: Person, bob: Person) -> None:
        """404 before any stream."""
        video_id = (await ada.init())["video"]["id"]
        problem(await bob.get(f"{VIDEOS}/{video_id}/events"), 404, "video_not_found")
