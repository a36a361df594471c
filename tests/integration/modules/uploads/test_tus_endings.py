"""How uploads by tus end that do not become whole, by whomever they are ended."""

from typing import Any

import pytest
from tests.integration.conftest import Person, age, problem, remove_deleted
from tests.integration.modules.uploads.tus import Tus, id_of, job_of, status_of, stored

from matinee.bootstrap import Services
from matinee.common.database import execute
from matinee.common.jobs import JobRun
from matinee.common.storage.port import StorageUnavailable
from matinee.media import keys


async def drop(services: Services, url: str) -> None:
    """As a lifecycle rule of the bucket does."""
    upload = await services.uploads.load(id_of(url))
    assert upload.upload_id is not None
    await services.storage.abort_upload(upload.key, upload.upload_id)


class TestDropped:
    """What the storage has dropped is told once and for all."""

    async def test_its_video_fails_and_says_what_to_do(self, ada: Person, tus: Tus, services: Services) -> None:
        """A client that asks for the offset begins anew, and finds room in the quota."""
        url = await tus.begin(10)
        await tus.send(url, 0, b"abc")
        await drop(services, url)
        problem(await tus.send(url, 3, b"abcdefg"), 409, "upload_gone")
        assert (await tus.ask(url)).status_code == 409
        problem(await tus.send(url, 3, b"abcdefg"), 409, "upload_gone")
        video = (await ada.get(f"/api/v1/videos/{id_of(url)}")).json()
        assert (video["status"], video["failure"]["code"]) == ("FAILED", "upload_gone")
        assert "again" in video["failure"]["detail"]
        assert (await ada.get("/api/v1/user/usage")).json()["bytes"] == 0
        retried = problem(await ada.post(f"/api/v1/videos/{id_of(url)}/encoding/retry"), 409, "nothing_to_retry")
        assert retried["detail"] == video["failure"]["detail"]
        assert (await tus.delete(url)).status_code == 204

    async def test_its_address_says_so(self, ada: Person, services: Services) -> None:
        """Of one that comes in windows."""
        started = await ada.init(filesize=10)
        url = started["upload"]["url"]
        await ada.client.put(url, content=b"abc", headers={"Content-Range": "bytes 0-2/10"})
        await drop(services, f"/{started['video']['id']}")
        await ada.client.put(url, content=b"abcdefg", headers={"Content-Range": "bytes 3-9/10"})
        problem(await ada.client.put(url, headers={"Content-Range": "bytes */10"}), 409, "upload_gone")

    async def test_of_a_lost_fragment_the_whole_fails(self, tus: Tus, services: Services, ada: Person) -> None:
        """It cannot be joined, however often it is tried."""
        urls = [(await tus.create(3, b"abc", **{"Upload-Concat": "partial"})).headers["location"] for _ in range(2)]
        await drop(services, urls[0])
        whole = await tus.join(*urls)
        await services.joining.join(JobRun(0, 0, 1), str(id_of(whole)))
        video = (await ada.get(f"/api/v1/videos/{id_of(whole)}")).json()
        assert (video["status"], video["failure"]["code"]) == ("FAILED", "upload_gone")
        await services.joining.resume()
        assert await status_of(services, id_of(whole)) == "FAILED"


class TestEnding:
    async def test_what_is_terminated_is_gone(self, tus: Tus, services: Services) -> None:
        """With its bytes."""
        url = await tus.begin(10)
        await tus.send(url, 0, b"abc")
        assert (await tus.delete(url)).status_code == 204
        assert (await tus.ask(url)).status_code == 404
        assert await remove_deleted(services) == [str(id_of(url))]
        assert await services.storage.delete_prefix(keys.video_prefix(id_of(url))) == 0

    async def test_what_is_left_alone_expires(self, tus: Tus, services: Services) -> None:
        """A day after its last byte."""
        url = await tus.begin(10)
        await age(services, "updated_at", 23)
        await tus.send(url, 0, b"abc")
        for hours, status in ((23, 204), (2, 404)):
            await age(services, "updated_at", hours)
            await services.videos.abandon(upload_hours=24, failed_days=7)
            assert (await tus.ask(url)).status_code == status

    async def test_a_finished_one_cannot_be_terminated(self, tus: Tus) -> None:
        """It is a video then."""
        answer = await tus.create(3, b"abc")
        problem(await tus.delete(answer.headers["location"]), 409, "upload_finished")

    async def test_a_job_ends_what_a_killed_request_did_not(self, tus: Tus, services: Services) -> None:
        """The last byte is recorded, and nothing more was done."""
        url = await tus.begin(3)
        finish = services.joining.finish

        async def killed(upload: object) -> None:
            services.joining.finish = finish  # type: ignore[method-assign]

        services.joining.finish = killed  # type: ignore[method-assign,assignment]
        await tus.send(url, 0, b"abc")
        assert await status_of(services, id_of(url)) == "UPLOADING"
        assert await job_of(services, "uploads.join") == 1
        for _ in range(2):
            await services.joining.join(JobRun(1, 1, 1), str(id_of(url)))
        assert await stored(services, id_of(url)) == b"abc"
        assert await job_of(services, "encoding.ingest") == 1

    async def test_an_outage_is_no_end(self, tus: Tus, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
        """The job sits it out; one that was given up is enqueued again, and what was received is never abandoned."""
        complete = services.storage.complete_upload
        away = 2

        async def fail_twice(*args: Any) -> None:
            nonlocal away
            away -= 1
            if away >= 0:
                raise StorageUnavailable
            await complete(*args)

        monkeypatch.setattr(services.storage, "complete_upload", fail_twice)
        url = (await tus.create(3, b"abc")).headers["location"]
        await age(services, "updated_at", 25)
        await services.videos.abandon(upload_hours=24, failed_days=7)
        assert await tus.offset(url) == 3
        async with services.database.connection() as db:
            await execute(db, "DELETE FROM procrastinate_jobs WHERE task_name = 'uploads.join'")
        for _ in range(2):
            await services.joining.resume()
            assert await job_of(services, "uploads.join") == 1
        await services.joining.join(JobRun(1, 1, 1), str(id_of(url)))
        assert away == -1
        assert await stored(services, id_of(url)) == b"abc"
        assert await status_of(services, id_of(url)) == "PROCESSING"
