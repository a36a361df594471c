"""Clips and replacements over HTTP: who may, what is answered, where the new file goes."""

from uuid import UUID

import httpx
import msgspec
from tests.integration.conftest import Person, problem, remove_deleted
from tests.unit.media.plans import plan, sound

from matinee.bootstrap import Services
from matinee.common.database import execute, fetch_value
from matinee.media import keys

FILE = {"filename": "new.mp4", "filesize": 5, "filetype": "video/mp4"}


async def playable(person: Person, services: Services) -> str:
    """A public video that has a plan of 60 seconds, though nothing is stored of it."""
    video_id = (await person.init(visibility="public"))["video"]["id"]
    text = msgspec.json.encode(plan(60, audio=sound())).decode()
    async with services.database.connection() as db:
        await execute(
            db,
            "UPDATE videos SET status = 'READY', ready_at = now(), plan = %s::text::jsonb, duration = 60 "
            "WHERE id = %s",
            (text, UUID(str(video_id))),
        )
    return str(video_id)


class TestClips:
    async def test_a_clip_is_a_private_video_that_is_being_made(self, ada: Person, services: Services) -> None:
        """With the title that is given, or the video's; repeated with one key it is one clip."""
        film = await playable(ada, services)
        body = {"start": 1.5, "end": 20, "title": "The best of it"}
        path = f"/api/v1/videos/{film}/clips"
        first = await ada.post(path, body, **{"Idempotency-Key": "clip-1"})
        assert first.status_code == 201
        assert (first.json()["status"], first.json()["visibility"]) == ("PROCESSING", "private")
        assert (first.json()["title"], first.json()["duration"]) == ("The best of it", 18.5)
        again = await ada.post(path, body, **{"Idempotency-Key": "clip-1"})
        assert again.json()["id"] == first.json()["id"]
        assert (await ada.post(path, {"start": 0, "end": 1})).json()["title"] == "Sea"

    async def test_only_its_owner_may_cut_it(
        self, ada: Person, bob: Person, api: httpx.AsyncClient, services: Services
    ) -> None:
        """Whoever may only watch it is told that it is not there."""
        film = await playable(ada, services)
        body = {"start": 1, "end": 20}
        problem(await bob.post(f"/api/v1/videos/{film}/clips", body), 404, "video_not_found")
        problem(await api.post(f"/api/v1/videos/{film}/clips", json=body), 401, "unauthenticated")

    async def test_what_is_wrong_is_named(self, ada: Person, services: Services) -> None:
        """By its field."""
        film = await playable(ada, services)
        refused = await ada.post(f"/api/v1/videos/{film}/clips", {"start": 5, "end": 4})
        assert problem(refused, 422, "invalid_clip")["errors"][0]["path"] == "end"

    async def test_a_clip_has_no_original(self, ada: Person, services: Services) -> None:
        """The file holds the whole film: it is neither offered nor named as what could be."""
        film = await playable(ada, services)
        clip = (await ada.post(f"/api/v1/videos/{film}/clips", {"start": 5, "end": 9})).json()["id"]
        async with services.database.connection() as db:
            await execute(db, "UPDATE videos SET status = 'READY' WHERE id = %s", (UUID(clip),))
        problem(await ada.get(f"/playback/{clip}/downloads/original"), 404, "no_such_download")
        offer = await ada.client.put(f"/api/v1/videos/{clip}/downloads/original", headers=ada.headers)
        problem(offer, 404, "no_such_download")
        assert "original" not in (await ada.get(f"/api/v1/videos/{clip}/downloads")).json()["possible"]
        assert "original" in (await ada.get(f"/api/v1/videos/{film}/downloads")).json()["possible"]
        assert (await ada.get(f"/api/v1/videos/{clip}/storage")).json()["source_bytes"] == 0


class TestReplacements:
    async def test_the_new_file_is_uploaded_like_any_other(self, ada: Person, services: Services) -> None:
        """It goes beside the old one, under the video that keeps its id; its own video is in no list."""
        film = await playable(ada, services)
        started = await ada.post(f"/api/v1/videos/{film}/source", FILE)
        assert started.status_code == 201, started.text
        video_id = started.json()["video"]["id"]
        assert started.json()["upload"]["part_count"] == 1
        part = (await ada.get(f"/api/v1/videos/signedurl/{video_id}")).json()["parts"][0]
        async with httpx.AsyncClient() as storage:
            assert (await storage.put(part["url"], content=b"12345")).status_code == 200
        completed = await ada.post(f"/api/v1/videos/complete/{video_id}")
        assert completed.json()["status"] == "PROCESSING"
        assert await services.storage.size(keys.source_key(UUID(film), 2)) == 5
        assert (await ada.get(f"/api/v1/videos/{film}")).json()["status"] == "READY"
        listed = (await ada.get("/api/v1/videos/mine")).json()["items"]
        assert [video["id"] for video in listed] == [film]

    async def test_it_is_for_the_owner_alone(self, ada: Person, bob: Person, services: Services) -> None:
        """Others are told that the video is not there, and cannot see the replacement."""
        film = await playable(ada, services)
        problem(await bob.post(f"/api/v1/videos/{film}/source", FILE), 404, "video_not_found")
        video_id = (await ada.post(f"/api/v1/videos/{film}/source", FILE)).json()["video"]["id"]
        problem(await bob.get(f"/api/v1/videos/{video_id}"), 404, "video_not_found")

    async def test_an_abandoned_one_goes_with_its_parts(self, ada: Person, services: Services) -> None:
        """Whoever aborts its upload, or forgets it, leaves nothing behind."""
        film = await playable(ada, services)
        video_id = (await ada.post(f"/api/v1/videos/{film}/source", FILE)).json()["video"]["id"]
        await ada.get(f"/api/v1/videos/signedurl/{video_id}")
        assert (await ada.post(f"/api/v1/videos/abort/{video_id}")).status_code == 204
        assert await remove_deleted(services) == [video_id]
        assert await services.storage.abort_uploads(keys.source_key(UUID(film), 2)) == 0
        async with services.database.connection() as db:
            assert await fetch_value(db, "SELECT status FROM videos WHERE id = %s", (UUID(film),)) == "READY"

    async def test_too_large_a_file_is_refused(self, ada: Person, services: Services) -> None:
        """As at any upload."""
        film = await playable(ada, services)
        refused = await ada.post(f"/api/v1/videos/{film}/source", {**FILE, "filesize": 5 * 1024**3 + 1})
        problem(refused, 422, "file_too_large")


class TestTrimming:
    async def test_it_is_for_the_owner_alone(
        self, ada: Person, bob: Person, api: httpx.AsyncClient, services: Services
    ) -> None:
        """Whoever may only watch it is told that it is not there."""
        film = await playable(ada, services)
        body = {"start": 1, "end": 20}
        problem(await bob.post(f"/api/v1/videos/{film}/trim", body), 404, "video_not_found")
        problem(await api.post(f"/api/v1/videos/{film}/trim", json=body), 401, "unauthenticated")
        problem(await bob.client.delete(f"/api/v1/videos/{film}/trim", headers=bob.headers), 404, "video_not_found")

    async def test_what_is_made_is_in_no_list(self, ada: Person, bob: Person, services: Services) -> None:
        """The video answers as it is until then; asking again is another wish, not another video."""
        film = await playable(ada, services)
        for end in (20, 30):
            answer = await ada.post(f"/api/v1/videos/{film}/trim", {"start": 5, "end": end})
            assert answer.status_code == 202, answer.text
            assert (answer.json()["id"], answer.json()["duration"]) == (film, 60.0)
        assert [video["id"] for video in (await ada.get("/api/v1/videos/mine")).json()["items"]] == [film]
        async with services.database.connection() as db:
            sql = "SELECT id FROM videos WHERE replaces = %s AND deleted_at IS NULL"
            made = await fetch_value(db, sql, (UUID(film),))
            assert await fetch_value(db, "SELECT duration FROM videos WHERE id = %s", (made,)) == 25
        problem(await bob.get(f"/api/v1/videos/{made}"), 404, "video_not_found")

    async def test_what_is_wrong_is_named(self, ada: Person, services: Services) -> None:
        """By its field; and nothing is undone that was not done."""
        film = await playable(ada, services)
        refused = await ada.post(f"/api/v1/videos/{film}/trim", {"start": 5, "end": 4})
        assert problem(refused, 422, "invalid_trim")["errors"][0]["path"] == "end"
        undone = await ada.client.delete(f"/api/v1/videos/{film}/trim", headers=ada.headers)
        problem(undone, 409, "not_trimmed")

    async def test_what_was_cut_off_is_not_to_be_had(self, ada: Person, bob: Person, services: Services) -> None:
        """The file is its owner's alone, for it holds the rest."""
        film = await playable(ada, services)
        await ada.client.put(f"/api/v1/videos/{film}/downloads/original", headers=ada.headers)
        async with services.database.connection() as db:
            sql = "UPDATE videos SET plan = jsonb_set(plan, '{trimmed}', 'true') WHERE id = %s"
            await execute(db, sql, (UUID(film),))
        assert "original" not in (await ada.get(f"/api/v1/videos/{film}/downloads")).json()["possible"]
        offer = await ada.client.put(f"/api/v1/videos/{film}/downloads/original", headers=ada.headers)
        problem(offer, 404, "no_such_download")
        problem(await bob.get(f"/playback/{film}/downloads/original"), 404, "no_such_download")
