"""Quotas: never exceeded by races, given back by whatever ends, and set by administrators alone."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
from tests.integration.conftest import Person, SignUp, age, new_video, problem, remove_deleted
from tests.unit.media.plans import plan, sound

from matinee.app import create_app
from matinee.bootstrap import Services, open_services
from matinee.common.config import Settings
from matinee.common.database import execute, fetch_value
from matinee.common.storage.s3 import S3Storage

INIT = "/api/v1/videos/init"
USAGE = "/api/v1/user/usage"
PLAN = msgspec.json.encode(plan(60, audio=sound())).decode()
MIB = 1024**2
NEW_FILE = {"filename": "b.mp4", "filesize": 400, "filetype": "video/mp4"}

_ADD_READY = """
INSERT INTO videos (owner_id, title, visibility, status, filename, filesize, filetype, part_size, duration,
    plan)
VALUES (%s, 'Sea', 'private', 'READY', 'sea.mp4', %s, 'video/mp4', 1000, %s, %s::text::jsonb) RETURNING id
"""
_ADD_CLIP = """
INSERT INTO videos (owner_id, title, visibility, status, filename, filesize, filetype, part_size, duration, source_id,
    plan)
SELECT owner_id, 'Clip', 'private', 'READY', filename, filesize, filetype, part_size, 30, id, plan
FROM videos WHERE id = %s
"""
_ADD_SOUND = """
INSERT INTO added_sounds (video_id, name, language, title, is_default, filename, filesize, part_size)
VALUES (%s, 'audio-1', 'de', '', false, 'de.m4a', %s, 1000)
"""


@pytest.fixture
async def admin(sign_up: SignUp) -> Person:
    """An administrator."""
    return await sign_up(role="ADMIN", name="Root")


async def allow(admin: Person, person: Person, **choice: Any) -> dict[str, Any]:
    """Sets a quota."""
    answer = await admin.client.put(f"/api/v1/users/{person.id}/quota", json=choice, headers=admin.headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def usage(person: Person) -> dict[str, Any]:
    """What somebody stores."""
    return dict((await person.get(USAGE)).json())


async def add_ready(services: Services, person: Person, size: int, seconds: float) -> UUID:
    """A video that can be played, by its row alone."""
    async with services.database.connection() as db:
        return UUID(str(await fetch_value(db, _ADD_READY, (UUID(person.id), size, seconds, PLAN))))


class TestReserving:
    async def test_fifty_uploads_at_once_never_exceed_it(self, ada: Person, admin: Person) -> None:
        """Each counts what the others have announced; exactly those are refused that do not fit."""
        await allow(admin, ada, bytes=10 * MIB)
        answers = await asyncio.gather(*(ada.post(INIT, new_video(filesize=MIB)) for _ in range(50)))
        assert sorted(answer.status_code for answer in answers) == [201] * 10 + [403] * 40
        refused = next(answer for answer in answers if answer.status_code == 403)
        body = problem(refused, 403, "quota_exceeded")
        assert body["errors"][0]["path"] == "filesize"
        assert "Delete what you no longer need" in body["detail"]
        assert (await usage(ada))["bytes"] == 10 * MIB

    async def test_without_one_nothing_is_refused(self, ada: Person) -> None:
        """As a server is at first."""
        for _ in range(3):
            await ada.init(filesize=4 * 1024 * MIB)
        shown = await usage(ada)
        assert (shown["bytes"], shown["videos"]) == (3 * 4 * 1024 * MIB, 3)
        assert shown["quota"] == {"bytes": None, "minutes": None}

    async def test_a_request_sent_again_reserves_once(self, ada: Person, admin: Person) -> None:
        """Its first answer is sent again, although nothing more would fit."""
        await allow(admin, ada, bytes=MIB)
        key = str(uuid4())
        answers = [await ada.post(INIT, new_video(filesize=MIB), **{"Idempotency-Key": key}) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [201, 201]
        assert (await usage(ada))["bytes"] == MIB

    async def test_others_have_their_own(self, ada: Person, bob: Person, admin: Person) -> None:
        """A full account is nobody else's matter."""
        await allow(admin, ada, bytes=0)
        problem(await ada.post(INIT, new_video(filesize=1)), 403, "quota_exceeded")
        await bob.init(filesize=MIB)

    async def test_another_file_for_a_video_counts_beside_the_first(
        self, services: Services, ada: Person, admin: Person
    ) -> None:
        """Both are kept until the new one plays."""
        video_id = await add_ready(services, ada, 600, 10)
        await allow(admin, ada, bytes=1000)
        problem(
            await ada.post(f"/api/v1/videos/{video_id}/source", {**NEW_FILE, "filesize": 401}), 403, "quota_exceeded"
        )
        assert (await ada.post(f"/api/v1/videos/{video_id}/source", NEW_FILE)).status_code == 201
        shown = await usage(ada)
        assert (shown["bytes"], shown["videos"]) == (1000, 1)

    async def test_of_a_video_and_what_will_take_its_place_the_longer_counts(
        self, services: Services, ada: Person
    ) -> None:
        """From when its length is known: two at once cannot both have the room that one of them needs."""
        video_id = await add_ready(services, ada, 600, 60)
        assert (await ada.post(f"/api/v1/videos/{video_id}/source", NEW_FILE)).status_code == 201
        for seconds, minutes in ((None, 1.0), (180, 3.0), (30, 1.0)):
            async with services.database.connection() as db:
                await execute(db, "UPDATE videos SET duration = %s WHERE replaces = %s", (seconds, video_id))
            assert (await usage(ada))["minutes"] == minutes

    async def test_what_takes_the_place_of_as_much_fits_whatever_is_stored(
        self, services: Services, ada: Person, admin: Person
    ) -> None:
        """A quota may be lowered below what is stored; to mend a video is no more."""
        video_id = await add_ready(services, ada, 600, 60)
        await add_ready(services, ada, 600, 60)
        await allow(admin, ada, minutes=1)
        next_id = UUID((await ada.post(f"/api/v1/videos/{video_id}/source", NEW_FILE)).json()["video"]["id"])
        async with services.database.transaction() as db:
            assert await services.quotas.refuse_plan(db, next_id, 60.0) is None
            assert await services.quotas.refuse_plan(db, next_id, 61.0) is not None

    async def test_a_full_quota_of_minutes_takes_what_adds_none(
        self, services: Services, ada: Person, admin: Person
    ) -> None:
        """A sound, and another file, which may be as short as the one before."""
        video_id = await add_ready(services, ada, 600, 60)
        await allow(admin, ada, minutes=1)
        assert (await ada.post(f"/api/v1/videos/{video_id}/source", NEW_FILE)).status_code == 201
        sound = {"filename": "de.m4a", "filesize": 1000, "language": "de"}
        assert (await ada.post(f"/api/v1/videos/{video_id}/audio", sound)).status_code == 201
        problem(await ada.post(f"/api/v1/videos/{video_id}/clips", {"start": 0, "end": 5}), 403, "quota_exceeded")


class TestCounting:
    async def test_an_abort_gives_back(self, ada: Person, admin: Person) -> None:
        """At once."""
        await allow(admin, ada, bytes=MIB)
        video_id = (await ada.init(filesize=MIB))["video"]["id"]
        problem(await ada.post(INIT, new_video(filesize=1)), 403, "quota_exceeded")
        assert (await ada.post(f"/api/v1/videos/abort/{video_id}")).status_code == 204
        await ada.init(filesize=MIB)

    async def test_an_expired_upload_gives_back(self, services: Services, ada: Person, admin: Person) -> None:
        """When it is dropped."""
        await allow(admin, ada, bytes=MIB)
        await ada.init(filesize=MIB)
        await age(services, "updated_at", hours=25)
        await services.videos.abandon(upload_hours=24, failed_days=7)
        await remove_deleted(services)
        assert (await usage(ada))["bytes"] == 0
        await ada.init(filesize=MIB)

    async def test_a_file_counts_once_whoever_shows_parts_of_it(self, services: Services, ada: Person) -> None:
        """Clips share it, and keep it when their film is deleted; their minutes are their own."""
        film = await add_ready(services, ada, 1000, 60)
        async with services.database.connection() as db:
            await execute(db, _ADD_CLIP, (film,))
            await execute(db, _ADD_CLIP, (film,))
        shown = await usage(ada)
        assert (shown["bytes"], shown["minutes"], shown["videos"]) == (1000, 2.0, 3)
        assert (await ada.delete(f"/api/v1/videos/{film}")).status_code == 204
        shown = await usage(ada)
        assert (shown["bytes"], shown["minutes"], shown["videos"]) == (1000, 1.0, 2)

    async def test_sounds_of_their_own_count(self, services: Services, ada: Person) -> None:
        """As long as their video is there."""
        film = await add_ready(services, ada, 1000, 60)
        async with services.database.connection() as db:
            await execute(db, _ADD_SOUND, (film, 50))
        assert (await usage(ada))["bytes"] == 1050
        await ada.delete(f"/api/v1/videos/{film}")
        assert (await usage(ada))["bytes"] == 0

    async def test_used_up_minutes_refuse_every_file(self, services: Services, ada: Person, admin: Person) -> None:
        """Before any of it is sent."""
        await allow(admin, ada, minutes=1)
        await add_ready(services, ada, 1000, 60)
        body = problem(await ada.post(INIT, new_video(filesize=1)), 403, "quota_exceeded")
        assert body["detail"].startswith("Your quota of 1 minute is used up.")


class TestSetting:
    async def test_the_server_has_one_for_everyone(
        self, settings: Settings, storage: S3Storage, ada: Person, bob: Person, admin: Person
    ) -> None:
        """Unless something else was set, less or more."""
        await allow(admin, bob, bytes="unlimited")
        strict = msgspec.structs.replace(settings, quota_bytes=MIB, quota_minutes=5)
        async with open_services(strict, storage=storage) as services:
            transport = httpx.ASGITransport(app=create_app(services), client=("127.0.0.1", 50000))
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost:3000") as client:
                new = new_video(filesize=MIB + 1)
                problem(await client.post(INIT, json=new, headers=ada.headers), 403, "quota_exceeded")
                assert (await client.post(INIT, json=new, headers=bob.headers)).status_code == 201
                shown = (await client.get(USAGE, headers=ada.headers)).json()
                assert shown["quota"] == {"bytes": MIB, "minutes": 5}

    async def test_what_was_set_is_shown_and_can_be_taken_back(self, ada: Person, admin: Person) -> None:
        """`unlimited` is something else than nothing chosen."""
        shown = await allow(admin, ada, bytes="unlimited", minutes=7)
        assert shown["chosen"] == {"bytes": "unlimited", "minutes": 7}
        assert shown["usage"]["quota"] == {"bytes": None, "minutes": 7}
        assert (await allow(admin, ada))["chosen"] == {"bytes": None, "minutes": None}
        answer = await admin.get(f"/api/v1/users/{ada.id}/quota")
        assert answer.json()["chosen"] == {"bytes": None, "minutes": None}

    @pytest.mark.parametrize("choice", [{"bytes": -1}, {"minutes": "many"}, {"bytes": 1.5}, {"bytes": 2**61}])
    async def test_a_bad_one_is_refused(self, ada: Person, admin: Person, choice: dict[str, Any]) -> None:
        """By its field."""
        answer = await admin.client.put(f"/api/v1/users/{ada.id}/quota", json=choice, headers=admin.headers)
        body = problem(answer, 422, "validation_failed")
        assert [fault["path"] for fault in body["errors"]] == list(choice)

    async def test_only_administrators_set_it(self, ada: Person, admin: Person) -> None:
        """Not even one's own."""
        path = f"/api/v1/users/{ada.id}/quota"
        problem(await ada.get(path), 403, "forbidden")
        problem(await ada.client.put(path, json={}, headers=ada.headers), 403, "forbidden")
        problem(await admin.get(f"/api/v1/users/{uuid4()}/quota"), 404, "user_not_found")
