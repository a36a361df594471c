"""From the announcement of a video to the start of its encoding."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import httpx
import pytest
from tests.integration.conftest import PASSWORD, Person, age, client_of, new_video, problem, remove_deleted

from matinee.app import create_app
from matinee.bootstrap import Services
from matinee.common.config import Settings
from matinee.common.database import fetch_value
from matinee.common.keys.environment import SecretKey
from matinee.common.keys.ring import Keys
from matinee.common.storage.port import NoSuchObjectError, NoSuchUploadError, Part
from matinee.common.storage.s3 import S3Storage
from matinee.media import keys
from matinee.modules.uploads.addresses import FileAddresses
from matinee.modules.uploads.schemas import CompleteVideo
from matinee.modules.uploads.service import UploadService
from matinee.modules.videos.errors import VideoNotFound

INIT = "/api/v1/videos/init"
SIGN = "/api/v1/videos/signedurl"
COMPLETE = "/api/v1/videos/complete"
ABORT = "/api/v1/videos/abort"
MIB = 1024**2


async def upload_of(services: Services, video_id: str) -> tuple[str, str]:
    """The key and the id of a video's multipart upload."""
    async with services.database.connection() as db:
        upload_id = await fetch_value(db, "SELECT upload_id FROM videos WHERE id = %s", (UUID(video_id),))
    return keys.source_key(UUID(video_id)), str(upload_id)


async def sign(person: Person, video_id: str) -> list[dict[str, Any]]:
    """The parts that are still to be sent."""
    answer = await person.get(f"{SIGN}/{video_id}")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["parts"])


async def send(url: str, data: bytes) -> httpx.Response:
    """PUTs a part, as any client does."""
    async with httpx.AsyncClient() as storage:
        return await storage.put(url, content=data)


class TestInit:
    async def test_it_says_how_to_cut_the_file(self, ada: Person) -> None:
        """16 MiB parts, and no more than needed."""
        body = await ada.init(filesize=40 * MIB)
        assert body["upload"]["part_size"] == 16 * MIB
        assert body["upload"]["part_count"] == 3
        assert body["video"]["status"] == "INITIATED"
        assert body["video"]["owner"]["name"] == "Ada"

    async def test_it_takes_how_the_video_is_to_be_encoded(self, ada: Person) -> None:
        """What is not said is left to the server."""
        for chosen in ({"encode_policy": "on_demand"}, {}):
            video_id = (await ada.init(**chosen))["video"]["id"]
            storage = (await ada.get(f"/api/v1/videos/{video_id}/storage")).json()
            assert storage["chosen"]["encode_policy"] == chosen.get("encode_policy")

    async def test_a_file_past_the_limit_is_refused(self, ada: Person) -> None:
        """5 GiB unless set otherwise."""
        answer = await ada.post(INIT, new_video(filesize=5 * 1024**3 + 1))
        assert problem(answer, 422, "file_too_large")["errors"][0]["path"] == "filesize"

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("title", ""),
            ("title", None),
            ("title", 7),
            ("description", "x" * 1001),
            ("filename", "../../etc/passwd"),
            ("filename", ""),
            ("filename", "a\r\nX-Evil: 1"),
            ("filesize", 0),
            ("filesize", -1),
            ("filesize", "12"),
            ("filesize", 1.5),
            ("filesize", 2**70),
            ("filetype", "text/html"),
            ("visibility", "secret"),
        ],
    )
    async def test_a_bad_field_is_named(self, ada: Person, field: str, value: object) -> None:
        """And nothing is stored."""
        body = problem(await ada.post(INIT, new_video(**{field: value})), 422, "validation_failed")
        assert [fault["path"] for fault in body["errors"]] == [field]

    @pytest.mark.parametrize("raw", [b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"{'a':1}", b'{"title": "\\ud800"}'])
    async def test_malformed_json_is_refused(self, ada: Person, raw: bytes) -> None:
        """400 or 422, never a 500."""
        headers = {**ada.headers, "Content-Type": "application/json"}
        answer = await ada.client.post(INIT, content=raw, headers=headers)
        assert answer.status_code in {400, 422}, answer.text

    async def test_a_huge_body_is_refused(self, ada: Person) -> None:
        """Before it is read, and while it is read."""
        headers = {**ada.headers, "Content-Type": "application/json"}
        problem(await ada.client.post(INIT, content=b"x" * (MIB + 1), headers=headers), 413, "body_too_large")

        async def endless():  # type: ignore[no-untyped-def]
            for _ in range(40):
                yield b"x" * 65536

        problem(await ada.client.post(INIT, content=endless(), headers=headers), 413, "body_too_large")

    async def test_only_json_is_read(self, ada: Person) -> None:
        """Forms are not."""
        answer = await ada.client.post(INIT, data={"title": "x"}, headers=ada.headers)
        problem(answer, 415, "unsupported_media_type")


class TestSign:
    async def test_the_upload_begins_with_the_first_addresses(self, ada: Person) -> None:
        """INITIATED → UPLOADING, and each part has its address and size."""
        video_id = (await ada.init(filesize=17 * MIB))["video"]["id"]
        body = (await ada.get(f"{SIGN}/{video_id}")).json()
        assert [(part["part_number"], part["size"]) for part in body["parts"]] == [(1, 16 * MIB), (2, MIB)]
        assert (await ada.get(f"/api/v1/videos/{video_id}")).json()["status"] == "UPLOADING"

    async def test_two_at_once_begin_one_upload(self, ada: Person, services: Services) -> None:
        """The loser's multipart upload is dropped; both get addresses of the same one."""
        video_id = (await ada.init())["video"]["id"]
        answers = await asyncio.gather(*(ada.get(f"{SIGN}/{video_id}") for _ in range(4)))
        urls = {answer.json()["parts"][0]["url"].partition("uploadId=")[2].partition("&")[0] for answer in answers}
        assert len(urls) == 1

    async def test_another_device_goes_on_where_the_first_stopped(self, ada: Person) -> None:
        """What is stored is listed and no longer signed."""
        video_id = await ada.upload(b"x" * 100)
        body = (await ada.get(f"{SIGN}/{video_id}")).json()
        assert body["parts"] == []
        assert [(part["part_number"], part["size"]) for part in body["uploaded"]] == [(1, 100)]

    async def test_an_address_takes_its_part_alone(self, ada: Person) -> None:
        """Its exact size is signed, so that nobody fills the storage beyond what was announced."""
        video_id = (await ada.init(filesize=16 * MIB + 100))["video"]["id"]
        parts = await sign(ada, video_id)
        for data in (b"x" * 99, b"x" * 101, b"x" * 16 * MIB):
            assert (await send(parts[1]["url"], data)).status_code == 403
        assert (await send(parts[1]["url"], b"x" * 100)).status_code == 200
        assert [part["part_number"] for part in await sign(ada, video_id)] == [1]

    @pytest.mark.parametrize("query", ["from=2", "from=1&to=2", "from=3&to=2"])
    async def test_parts_outside_the_upload_are_refused(self, ada: Person, query: str) -> None:
        """The answer says how many there are."""
        video_id = (await ada.init())["video"]["id"]
        problem(await ada.get(f"{SIGN}/{video_id}?{query}"), 422, "invalid_part_range")

    async def test_a_range_can_be_asked_for(self, ada: Person) -> None:
        """100 parts at most."""
        video_id = (await ada.init(filesize=150 * 16 * MIB))["video"]["id"]
        body = (await ada.get(f"{SIGN}/{video_id}?from=101&to=150")).json()
        assert [part["part_number"] for part in body["parts"]] == list(range(101, 151))
        assert len((await ada.get(f"{SIGN}/{video_id}")).json()["parts"]) == 100
        problem(await ada.get(f"{SIGN}/{video_id}?from=1&to=101"), 422, "invalid_part_range")

    async def test_others_cannot(self, ada: Person, bob: Person) -> None:
        """404, as for a video that does not exist."""
        video_id = (await ada.init())["video"]["id"]
        problem(await bob.get(f"{SIGN}/{video_id}"), 404, "video_not_found")


class TestComplete:
    async def test_it_joins_the_parts_and_enqueues_the_encoding(self, ada: Person, services: Services) -> None:
        """The job is there as soon as the state is."""
        data = bytes(range(256)) * (17 * MIB // 256)
        video_id = await ada.upload(data)
        answer = await ada.post(f"{COMPLETE}/{video_id}")
        assert answer.status_code == 200, answer.text
        assert answer.json()["status"] == "PROCESSING"
        async with services.database.connection() as db:
            jobs = await fetch_value(db, "SELECT array_agg(task_name ORDER BY task_name) FROM procrastinate_jobs")
        assert jobs == ["encoding.ingest", "integrity.hash"]
        key = keys.source_key(UUID(video_id))
        assert await services.storage.size(key) == len(data)
        assert await services.storage.read(key, 16 * MIB - 2, 4) == data[16 * MIB - 2 : 16 * MIB + 2]

    async def test_twice_is_harmless(self, ada: Person, services: Services) -> None:
        """Jobs of one, like answers; also at once."""
        video_id = await ada.upload(b"x" * 100)
        answers = await asyncio.gather(*(ada.post(f"{COMPLETE}/{video_id}") for _ in range(3)))
        assert {(answer.status_code, answer.json()["status"]) for answer in answers} == {(200, "PROCESSING")}
        async with services.database.connection() as db:
            assert await fetch_value(db, "SELECT count(*) FROM procrastinate_jobs") == 2

    async def test_after_a_crash_between_storage_and_row_it_goes_on(self, ada: Person, services: Services) -> None:
        """The storage has the object, the row does not know it yet."""
        video_id = await ada.upload(b"x" * 100)
        async with services.database.connection() as db:
            upload_id = await fetch_value(db, "SELECT upload_id FROM videos WHERE id = %s", (video_id,))
        key = keys.source_key(UUID(video_id))
        await services.storage.complete_upload(key, upload_id, await services.storage.list_parts(key, upload_id))
        assert (await ada.post(f"{COMPLETE}/{video_id}")).json()["status"] == "PROCESSING"

    async def test_a_missing_part_is_named(self, ada: Person) -> None:
        """And the upload can go on."""
        video_id = (await ada.init(filesize=33 * MIB))["video"]["id"]
        signed = (await ada.get(f"{SIGN}/{video_id}")).json()
        async with httpx.AsyncClient() as storage:
            await storage.put(signed["parts"][1]["url"], content=b"x" * 16 * MIB)
        body = problem(await ada.post(f"{COMPLETE}/{video_id}"), 409, "parts_missing")
        assert [fault["path"] for fault in body["errors"]] == ["parts[1]", "parts[3]"]
        assert (await ada.get(f"/api/v1/videos/{video_id}")).json()["status"] == "UPLOADING"

    async def test_a_part_of_the_wrong_size_is_named(
        self, ada: Person, services: Services, storage: S3Storage
    ) -> None:
        """However it came there; it is signed again, and what is sent last counts."""
        video_id = (await ada.init(filesize=1000))["video"]["id"]
        await sign(ada, video_id)
        key, upload_id = await upload_of(services, video_id)
        urls = await storage.part_urls(key, upload_id, {1: 999}, 60)
        assert (await send(urls[0], b"x" * 999)).status_code == 200
        body = problem(await ada.post(f"{COMPLETE}/{video_id}"), 409, "size_mismatch")
        assert body["errors"][0]["path"] == "parts[1].size"
        await send((await sign(ada, video_id))[0]["url"], b"y" * 1000)
        assert (await ada.post(f"{COMPLETE}/{video_id}")).status_code == 200
        assert await storage.read(key, 0, 1000) == b"y" * 1000

    async def test_a_wrong_etag_is_named(self, ada: Person) -> None:
        """The client saw another content than is stored."""
        video_id = await ada.upload(b"x" * 100)
        body = {"parts": [{"part_number": 1, "etag": "0" * 32}]}
        answer = problem(await ada.post(f"{COMPLETE}/{video_id}", body), 409, "etag_mismatch")
        assert answer["errors"][0]["path"] == "parts[1].etag"

    async def test_of_several_parts_the_wrong_one_is_named(self, ada: Person) -> None:
        """The others were sent well."""
        video_id = (await ada.init(filesize=16 * MIB + 100))["video"]["id"]
        claimed = []
        for part in await sign(ada, video_id):
            answer = await send(part["url"], b"x" * part["size"])
            claimed.append({"part_number": part["part_number"], "etag": answer.headers["etag"]})
        claimed[1]["etag"] = '"' + "0" * 32 + '"'
        answer = problem(await ada.post(f"{COMPLETE}/{video_id}", {"parts": claimed}), 409, "etag_mismatch")
        assert [fault["path"] for fault in answer["errors"]] == ["parts[2].etag"]

    async def test_right_etags_are_accepted_with_and_without_quotes(self, ada: Person) -> None:
        """As HTTP headers carry them."""
        video_id = await ada.upload(b"x" * 100)
        etag = (await ada.get(f"{SIGN}/{video_id}")).json()["uploaded"][0]["etag"]
        body = {"parts": [{"part_number": 1, "etag": f'"{etag}"'}]}
        assert (await ada.post(f"{COMPLETE}/{video_id}", body)).status_code == 200

    async def test_before_anything_was_sent_it_says_what_to_do(self, ada: Person) -> None:
        """Ask for addresses first."""
        video_id = (await ada.init())["video"]["id"]
        problem(await ada.post(f"{COMPLETE}/{video_id}"), 409, "upload_not_started")

    async def test_an_upload_that_the_storage_dropped_is_told(self, ada: Person, services: Services) -> None:
        """By a lifecycle rule, say."""
        video_id = (await ada.init())["video"]["id"]
        await ada.get(f"{SIGN}/{video_id}")
        async with services.database.connection() as db:
            upload_id = await fetch_value(db, "SELECT upload_id FROM videos WHERE id = %s", (video_id,))
        await services.storage.abort_upload(keys.source_key(UUID(video_id)), upload_id)
        problem(await ada.post(f"{COMPLETE}/{video_id}"), 409, "upload_gone")
        failure = (await ada.get(f"/api/v1/videos/{video_id}")).json()["failure"]
        assert (failure["code"], "again" in failure["detail"]) == ("upload_gone", True)
        problem(await ada.get(f"{SIGN}/{video_id}"), 409, "upload_gone")

    async def test_a_key_that_only_uploads_learns_nothing_of_the_video(self, ada: Person) -> None:
        """Neither at first nor when it asks again: that the file has arrived, and no more."""
        video_id = await ada.upload(b"x" * 100)
        await ada.patch(f"/api/v1/videos/{video_id}", {"title": "Secret", "visibility": "public"})
        created = await ada.post(
            "/api/v1/api-keys", {"password": PASSWORD, "name": "CI", "scopes": ["uploads:write"]}
        )
        headers = {"Authorization": f"Bearer {created.json()['secret']}"}
        for _ in range(2):
            answer = await ada.client.post(f"{COMPLETE}/{video_id}", json={}, headers=headers)
            told = {name: value for name, value in answer.json().items() if value}
            assert set(told) == {
                *(
                    "id",
                    "owner",
                    "language",
                    "visibility",
                    "encryption",
                    "status",
                    "filename",
                    "filesize",
                    "filetype",
                ),
                *("created_at", "updated_at"),
            }
            assert (told["id"], told["status"], told["visibility"]) == (video_id, "PROCESSING", "private")
        assert (await ada.post(f"{COMPLETE}/{video_id}")).json()["title"] == "Secret"


class FinishesLate(S3Storage):
    """Joins the parts, but only when the video was deleted meanwhile: as if its own server had been slow."""

    meanwhile: Callable[[], Awaitable[object]]

    async def complete_upload(self, key: str, upload_id: str, parts: list[Part]) -> None:
        await self.meanwhile()
        await self.put(key, b"x" * sum(part.size for part in parts), "video/mp4")


class TestCompleteAndDelete:
    async def test_an_object_that_comes_into_being_behind_the_deletion_is_removed(
        self, ada: Person, services: Services, settings: Settings
    ) -> None:
        """The upload is told that its video is gone, and nothing stays for ever."""
        video_id = await ada.upload(b"x" * 100)
        key, _ = await upload_of(services, video_id)

        async def delete() -> None:
            assert (await ada.delete(f"/api/v1/videos/{video_id}")).status_code == 204
            assert await remove_deleted(services) == [video_id]

        late = FinishesLate(settings)
        late.meanwhile = delete
        await late.open()
        uploads = UploadService(
            services.database,
            late,
            services.queue,
            services.videos,
            services.quotas,
            FileAddresses("http://localhost", Keys([SecretKey("s" * 32)])),
            max_bytes=1000,
            expiry_hours=1,
        )
        caller = services.tokens.verify(ada.tokens["access_token"])
        with pytest.raises(VideoNotFound):
            await uploads.complete(caller, UUID(video_id), CompleteVideo())
        await late.close()
        assert await services.storage.size(key) == 100
        await age(services, "deleted_at")
        await services.videos.resume_deletes()
        assert await remove_deleted(services) == [video_id]
        with pytest.raises(NoSuchObjectError):
            await services.storage.size(key)

    async def test_others_cannot_complete(self, ada: Person, bob: Person) -> None:
        """404, and the upload goes on."""
        video_id = await ada.upload(b"x" * 100)
        problem(await bob.post(f"{COMPLETE}/{video_id}"), 404, "video_not_found")
        assert (await ada.get(f"/api/v1/videos/{video_id}")).json()["status"] == "UPLOADING"
        assert (await ada.post(f"{COMPLETE}/{video_id}")).status_code == 200


class TestOutage:
    async def test_signing_and_completing_lose_nothing(
        self, ada: Person, services: Services, cut_off: Services
    ) -> None:
        """Each answers 503 with a stable code, and does its work when it is tried again."""
        video_id = (await ada.init(filesize=100))["video"]["id"]
        async with client_of(create_app(cut_off)) as client:
            away = Person(client, ada.email, ada.tokens)
            refused = await away.get(f"{SIGN}/{video_id}")
            problem(refused, 503, "storage_unavailable")
            assert int(refused.headers["retry-after"]) > 0
            assert (await ada.get(f"/api/v1/videos/{video_id}")).json()["status"] == "INITIATED"
            part = (await sign(ada, video_id))[0]
            assert (await send(part["url"], b"x" * 100)).status_code == 200
            problem(await away.get(f"{SIGN}/{video_id}"), 503, "storage_unavailable")
            problem(await away.post(f"{COMPLETE}/{video_id}"), 503, "storage_unavailable")
        assert await sign(ada, video_id) == []
        assert (await ada.post(f"{COMPLETE}/{video_id}")).json()["status"] == "PROCESSING"
        assert await services.storage.size(keys.source_key(UUID(video_id))) == 100


class TestAbandoned:
    async def test_its_parts_are_removed(self, ada: Person, services: Services) -> None:
        """A day after it was last asked for addresses."""
        video_id = await ada.upload(b"x" * 100)
        key, upload_id = await upload_of(services, video_id)
        assert len(await services.storage.list_parts(key, upload_id)) == 1
        await age(services, "updated_at", hours=25)
        await services.videos.abandon(upload_hours=24, failed_days=7)
        problem(await ada.get(f"/api/v1/videos/{video_id}"), 404, "video_not_found")
        assert await remove_deleted(services) == [video_id]
        with pytest.raises(NoSuchUploadError):
            await services.storage.list_parts(key, upload_id)

    async def test_whoever_goes_on_with_it_keeps_it(self, ada: Person, services: Services) -> None:
        """Asking for addresses again starts the day anew."""
        video_id = await ada.upload(b"x" * 100)
        await age(services, "updated_at", hours=25)
        await sign(ada, video_id)
        await services.videos.abandon(upload_hours=24, failed_days=7)
        assert (await ada.post(f"{COMPLETE}/{video_id}")).status_code == 200


class TestAbort:
    async def test_the_video_is_gone_and_its_parts_with_it(self, ada: Person, services: Services) -> None:
        """What is sent to an address of before is refused."""
        video_id = (await ada.init(filesize=100))["video"]["id"]
        part = (await sign(ada, video_id))[0]
        assert (await send(part["url"], b"x" * 100)).status_code == 200
        key, upload_id = await upload_of(services, video_id)
        assert (await ada.post(f"{ABORT}/{video_id}")).status_code == 204
        problem(await ada.get(f"/api/v1/videos/{video_id}"), 404, "video_not_found")
        assert await remove_deleted(services) == [video_id]
        with pytest.raises(NoSuchUploadError):
            await services.storage.list_parts(key, upload_id)
        assert (await send(part["url"], b"x" * 100)).status_code == 404

    async def test_others_cannot(self, ada: Person, bob: Person) -> None:
        """404, and the upload goes on."""
        video_id = await ada.upload(b"x" * 100)
        problem(await bob.post(f"{ABORT}/{video_id}"), 404, "video_not_found")
        assert (await ada.post(f"{COMPLETE}/{video_id}")).status_code == 200

    async def test_a_finished_upload_is_not_aborted(self, ada: Person) -> None:
        """Delete the video instead."""
        video_id = await ada.upload(b"x" * 100)
        await ada.post(f"{COMPLETE}/{video_id}")
        problem(await ada.post(f"{ABORT}/{video_id}"), 409, "upload_finished")

    async def test_parts_cannot_be_signed_after_the_end(self, ada: Person, services: Services) -> None:
        """The upload is finished."""
        video_id = await ada.upload(b"x" * 100)
        await ada.post(f"{COMPLETE}/{video_id}")
        problem(await ada.get(f"{SIGN}/{video_id}"), 409, "upload_finished")
