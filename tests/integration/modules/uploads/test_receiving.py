"""Files that come through the server, by tus and to their address: what was acknowledged is there."""

import asyncio
import base64
import contextlib
import errno
import hashlib
import os
import random
import tempfile
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from granian.constants import Interfaces
from granian.server.embed import Server
from tests.integration.conftest import Person, SignUp, age, new_video, problem, remove_deleted
from tests.ports import free_port

from matinee.app import create_app
from matinee.bootstrap import Services
from matinee.common.database import execute, fetch_value
from matinee.common.http.body_stream import BodyStream
from matinee.common.jobs import JobRun
from matinee.common.storage.port import NoSuchObjectError, Part, StorageUnavailable
from matinee.media import keys
from matinee.modules.uploads import reception
from matinee.modules.uploads.repository import UploadRow

UPLOADS = "/api/v1/uploads"
MIB = 1024**2
TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {"Content-Type": "application/offset+octet-stream"}
CUTS = 200
SMALL_PART = 5 * MIB  # S3 joins no smaller ones


def metadata(**said: str) -> dict[str, str]:
    return {"Upload-Metadata": ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in said.items())}


def checksum(data: bytes, algorithm: str = "sha256") -> dict[str, str]:
    return {"Upload-Checksum": f"{algorithm} {base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"}


class Tus:
    """A person's tus client."""

    def __init__(self, person: Person) -> None:
        self.client = person.client
        self.headers = {**person.headers, **TUS}

    async def create(self, size: int, data: bytes | None = None, **headers: str) -> httpx.Response:
        body = BYTES if data is not None else {}
        headers = {**self.headers, "Upload-Length": str(size), **body, **headers}
        return await self.client.post(UPLOADS, headers=headers, content=data)

    async def begin(self, size: int, **headers: str) -> str:
        """The address of a new upload."""
        answer = await self.create(size, **headers)
        assert answer.status_code == 201, answer.text
        return str(answer.headers["location"])

    async def send(self, url: str, offset: int, data: Any, **headers: str) -> httpx.Response:
        return await self.client.patch(
            url, headers={**self.headers, **BYTES, "Upload-Offset": str(offset), **headers}, content=data
        )

    async def ask(self, url: str) -> httpx.Response:
        return await self.client.head(url, headers=self.headers)

    async def offset(self, url: str) -> int:
        return int((await self.ask(url)).headers["upload-offset"])

    async def join(self, *fragments: str) -> str:
        """The address of what they are joined to."""
        headers = {**self.headers, "Upload-Concat": f"final;{' '.join(fragments)}"}
        answer = await self.client.post(UPLOADS, headers=headers)
        assert answer.status_code == 201, answer.text
        return str(answer.headers["location"])

    async def delete(self, url: str) -> httpx.Response:
        return await self.client.delete(url, headers=self.headers)


@pytest.fixture
def tus(ada: Person) -> Tus:
    """Ada's."""
    return Tus(ada)


def id_of(url: str) -> UUID:
    return UUID(url.rpartition("/")[2])


async def stored(services: Services, video_id: UUID) -> bytes:
    """The video's file."""
    return b"".join([chunk async for chunk in services.storage.stream(keys.source_key(video_id))])


async def cut_small(services: Services, video_id: UUID) -> None:
    """As if its parts were as small as S3 takes them."""
    async with services.database.connection() as db:
        await execute(db, "UPDATE videos SET part_size = %s WHERE id = %s", (SMALL_PART, video_id))


async def pieces_of(services: Services, video_id: UUID) -> list[str]:
    """The keys of what lies behind the last whole part."""
    return [stored.key async for stored in services.storage.list_objects(keys.piece_prefix(video_id))]


async def job_of(services: Services, name: str) -> int:
    async with services.database.connection() as db:
        return int(await fetch_value(db, "SELECT count(*) FROM procrastinate_jobs WHERE task_name = %s", (name,)))


async def status_of(services: Services, video_id: UUID) -> str:
    async with services.database.connection() as db:
        return str(await fetch_value(db, "SELECT status FROM videos WHERE id = %s", (video_id,)))


class TestAnnouncing:
    async def test_the_server_says_what_it_knows(self, api: httpx.AsyncClient) -> None:
        """Without an account."""
        answer = await api.options(UPLOADS)
        assert answer.status_code == 204
        assert answer.headers["tus-version"] == "1.0.0"
        assert answer.headers["tus-max-size"] == str(5 * 1024**3)
        assert "concatenation" in answer.headers["tus-extension"]
        assert "sha1" in answer.headers["tus-checksum-algorithm"]

    async def test_it_makes_a_video(self, ada: Person, tus: Tus) -> None:
        """As `init` does, of what the metadata says."""
        said = metadata(filename="sea.mp4", filetype="video/mp4", title="The sea", visibility="unlisted")
        answer = await tus.create(1000, **said)
        video = (await ada.get(f"/api/v1/videos/{id_of(answer.headers['location'])}")).json()
        assert video == answer.json()
        assert (video["title"], video["filesize"], video["visibility"]) == ("The sea", 1000, "unlisted")
        told = await tus.ask(answer.headers["location"])
        assert told.headers["upload-metadata"] == said["Upload-Metadata"]
        assert (told.headers["upload-offset"], told.headers["upload-length"]) == ("0", "1000")
        assert told.headers["upload-expires"].endswith("GMT")

    async def test_another_version_is_refused(self, ada: Person) -> None:
        """With the one that is spoken."""
        for version in ({"Tus-Resumable": "0.2.2"}, {}):
            answer = await ada.client.post(UPLOADS, headers={**ada.headers, **version, "Upload-Length": "1"})
            problem(answer, 412, "unsupported_tus_version")
            assert answer.headers["tus-version"] == "1.0.0"

    @pytest.mark.parametrize(
        ("said", "path"),
        [({"title": "x" * 101}, "metadata.title"), ({"visibility": "secret"}, "metadata.visibility")],
    )
    async def test_wrong_metadata_is_named(self, tus: Tus, said: dict[str, str], path: str) -> None:
        """As a wrong field is elsewhere."""
        answer = problem(await tus.create(1, **metadata(**said)), 422, "validation_failed")
        assert answer["errors"][0]["path"] == path

    async def test_what_is_too_much_is_refused(self, tus: Tus, ada: Person, sign_up: SignUp) -> None:
        """By the server's limit and by the account's quota; nothing is left of it."""
        problem(await tus.create(5 * 1024**3 + 1), 422, "file_too_large")
        admin = await sign_up(role="ADMIN")
        await ada.client.put(f"/api/v1/users/{ada.id}/quota", json={"bytes": 1000}, headers=admin.headers)
        problem(await tus.create(1001), 403, "quota_exceeded")
        url = await tus.begin(1000)
        problem(await tus.create(1), 403, "quota_exceeded")
        assert (await tus.delete(url)).status_code == 204
        assert (await tus.create(1000)).status_code == 201

    async def test_an_import_takes_no_bytes(self, ada: Person, tus: Tus, bob: Person) -> None:
        """Its owner is told so; nobody else learns of it."""
        started = await ada.post("/api/v1/videos/import", {"url": "https://films.example.org/sea.mp4"})
        assert started.status_code in (201, 202), started.text
        video_id = started.json()["id"]
        signed = f"/api/v1/videos/signedurl/{video_id}"
        for person, status in ((ada, 409), (bob, 404)):
            client = Tus(person)
            url = f"{UPLOADS}/{video_id}"
            answers = (await client.ask(url), await client.send(url, 0, b"x"), await person.get(signed))
            assert [answer.status_code for answer in answers] == [status] * 3

    async def test_others_do_not_see_it(self, tus: Tus, bob: Person) -> None:
        """404, whatever they do."""
        url, stranger = await tus.begin(10), Tus(bob)
        for answer in (await stranger.ask(url), await stranger.send(url, 0, b"x"), await stranger.delete(url)):
            assert answer.status_code == 404


class TestSending:
    @pytest.mark.parametrize("sizes", [(17 * MIB + 5,), (100, 5 * MIB, 12 * MIB), (16 * MIB, MIB + 5)])
    async def test_the_last_byte_starts_the_encoding(
        self, tus: Tus, services: Services, sizes: tuple[int, ...]
    ) -> None:
        """In whatever steps they come, the file is the same."""
        data = os.urandom(17 * MIB + 5)
        url, at = await tus.begin(len(data)), 0
        for size in sizes:
            answer = await tus.send(url, at, data[at : at + size])
            assert answer.status_code == 204, answer.text
            at = int(answer.headers["upload-offset"])
        if at < len(data):
            await tus.send(url, at, data[at:])
        assert await stored(services, id_of(url)) == data
        assert await status_of(services, id_of(url)) == "PROCESSING"
        assert await job_of(services, "encoding.ingest") == 1
        assert await tus.offset(url) == len(data)

    async def test_the_first_bytes_may_come_with_the_announcement(self, tus: Tus, services: Services) -> None:
        """Or all of them."""
        data = os.urandom(3000)
        answer = await tus.create(len(data), data[:1000])
        assert (answer.status_code, answer.headers["upload-offset"]) == (201, "1000")
        await tus.send(answer.headers["location"], 1000, data[1000:])
        assert await stored(services, id_of(answer.headers["location"])) == data

    async def test_an_announcement_whose_bytes_are_refused_leaves_nothing(self, ada: Person, tus: Tus) -> None:
        """Its address was never told."""
        problem(await tus.create(10, b"abc", **checksum(b"abd")), 460, "checksum_mismatch")
        assert (await ada.get("/api/v1/videos/mine")).json()["items"] == []

    async def test_many_small_steps_are_put_together(self, tus: Tus, services: Services) -> None:
        """More than there may be pieces; none of them is left when the file is there."""
        data = os.urandom(SMALL_PART + 7 * (2 * reception.MOST_PIECES + 5))
        url = await tus.begin(len(data))
        await cut_small(services, id_of(url))
        for at in range(0, len(data) - SMALL_PART, 7):
            assert (await tus.send(url, at, data[at : at + 7])).status_code == 204
        await tus.send(url, len(data) - SMALL_PART, data[len(data) - SMALL_PART :])
        assert await stored(services, id_of(url)) == data
        await services.joining.join(JobRun(1, 1, 1), str(id_of(url)))
        assert await services.storage.delete_prefix(keys.piece_prefix(id_of(url))) == 0

    async def test_what_was_put_together_is_removed_at_once(self, tus: Tus, services: Services) -> None:
        """Pieces take no more than their bytes, however many there were."""
        url = await tus.begin(SMALL_PART + 100)
        await cut_small(services, id_of(url))
        for at in range(reception.MOST_PIECES + 1):
            await tus.send(url, at, b"x")
        assert len(await pieces_of(services, id_of(url))) == 1
        await tus.send(url, reception.MOST_PIECES + 1, bytes(SMALL_PART))
        assert len(await pieces_of(services, id_of(url))) == 1

    async def test_who_was_overtaken_leaves_nothing(
        self, tus: Tus, services: Services, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Neither before its piece is stored nor behind."""
        url = await tus.begin(10)
        put = services.storage.put_stream

        async def overtake() -> None:
            async with services.database.connection() as db:
                await execute(db, "UPDATE receptions SET writer = gen_random_uuid()")

        async def overtaken(*args: Any) -> None:
            await put(*args)
            await overtake()

        async def slow() -> AsyncIterator[bytes]:
            yield b"abc"
            await overtake()

        problem(await tus.send(url, 0, slow()), 409, "upload_taken_over")
        monkeypatch.setattr(services.storage, "put_stream", overtaken)
        problem(await tus.send(url, 0, b"abc"), 409, "upload_taken_over")
        assert await pieces_of(services, id_of(url)) == []

    async def test_bytes_for_what_was_ended_meanwhile_go_nowhere(
        self, tus: Tus, services: Services, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Their client asks what is stored: all of it."""
        url = await tus.begin(10)
        begin = services.uploads.begin

        async def ended(upload: UploadRow) -> UploadRow:
            await begin(upload)
            async with services.database.connection() as db:
                await execute(db, "UPDATE videos SET status = 'PROCESSING', upload_id = NULL")
            return await services.uploads.load(upload.id)

        monkeypatch.setattr(services.uploads, "begin", ended)
        problem(await tus.send(url, 0, b"x"), 409, "upload_taken_over")
        assert await tus.offset(url) == 10

    async def test_a_body_that_ends_early_is_kept(self, tus: Tus) -> None:
        """As one that breaks off."""
        url = await tus.begin(10)

        async def three() -> AsyncIterator[bytes]:
            yield b"abc"

        assert (await tus.send(url, 0, three(), **{"Content-Length": "5"})).status_code == 400
        assert await tus.offset(url) == 3

    async def test_a_full_disk_is_no_fault_of_the_client(self, tus: Tus, monkeypatch: pytest.MonkeyPatch) -> None:
        """It tries again."""
        url = await tus.begin(2 * MIB)

        def full(*args: object, **named: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(tempfile, "TemporaryFile", full)
        problem(await tus.send(url, 0, bytes(2 * MIB)), 503, "too_many_uploads")

    async def test_bytes_that_do_not_follow_are_refused(self, tus: Tus) -> None:
        """Nothing changes."""
        url = await tus.begin(10)
        problem(await tus.send(url, 1, b"x"), 409, "offset_mismatch")
        await tus.send(url, 0, b"xx")
        problem(await tus.send(url, 0, b"xx"), 409, "offset_mismatch")
        assert await tus.offset(url) == 2

    async def test_a_longer_body_than_announced_is_refused(self, tus: Tus) -> None:
        """By its Content-Length, or where it exceeds the file."""
        url = await tus.begin(10)
        problem(await tus.send(url, 0, b"x" * 11), 413, "upload_too_long")

        async def eleven() -> AsyncIterator[bytes]:
            yield b"x" * 10
            yield b"x"

        problem(await tus.send(url, 0, eleven()), 413, "upload_too_long")
        assert await tus.offset(url) == 0

    async def test_only_its_media_type_is_read(self, tus: Tus) -> None:
        """As the protocol wants it."""
        url = await tus.begin(10)
        problem(await tus.send(url, 0, b"x", **{"Content-Type": "text/plain"}), 415, "unsupported_media_type")

    async def test_a_wrong_checksum_changes_nothing(self, tus: Tus, services: Services) -> None:
        """Also of more than a part; then the right bytes come."""
        data = os.urandom(3 * SMALL_PART)
        url = await tus.begin(len(data))
        await cut_small(services, id_of(url))
        await tus.send(url, 0, data[:1000], **checksum(data[:1000], "sha1"))
        spoiled = data[1000:-1] + bytes([data[-1] ^ 1])
        problem(await tus.send(url, 1000, spoiled, **checksum(data[1000:])), 460, "checksum_mismatch")
        assert await tus.offset(url) == 1000
        assert (await tus.send(url, 1000, data[1000:], **checksum(data[1000:], "md5"))).status_code == 204
        assert await stored(services, id_of(url)) == data

    async def test_where_methods_are_not_let_through_post_stands_in(self, tus: Tus) -> None:
        """By X-HTTP-Method-Override."""
        url = await tus.begin(10)
        headers = {**tus.headers, **BYTES, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
        assert (await tus.client.post(url, headers=headers, content=b"abc")).headers["upload-offset"] == "3"
        video = f"/api/v1/videos/{id_of(url)}"
        assert (
            await tus.client.post(video, headers={**headers, "X-HTTP-Method-Override": "DELETE"})
        ).status_code == 405

    async def test_a_server_that_receives_enough_says_so(self, tus: Tus, monkeypatch: pytest.MonkeyPatch) -> None:
        """Clients try again."""
        url = await tus.begin(10)
        monkeypatch.setattr(reception, "MOST_AT_ONCE", 0)
        assert problem(await tus.send(url, 0, b"x"), 503, "too_many_uploads")

    async def test_one_account_leaves_places_to_others(
        self, tus: Tus, bob: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """However many files it sends at once; each goes on when another has arrived."""
        monkeypatch.setattr(reception, "MOST_OF_ACCOUNT", 1)
        first, second, others = await tus.begin(2), await tus.begin(2), await Tus(bob).begin(2)
        begun, end = asyncio.Event(), asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            yield b"x"
            begun.set()
            await end.wait()
            yield b"x"

        sending = asyncio.create_task(tus.send(first, 0, slow()))
        await begun.wait()
        refused = await tus.send(second, 0, b"xx")
        assert "this account" in problem(refused, 503, "too_many_uploads")["detail"].lower()
        assert int(refused.headers["retry-after"]) > 0
        assert (await Tus(bob).send(others, 0, b"xx")).status_code == 204
        end.set()
        assert (await sending).status_code == 204
        assert (await tus.send(second, 0, b"xx")).status_code == 204


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


class TestConcatenation:
    async def test_fragments_become_one_video(self, ada: Person, tus: Tus, services: Services) -> None:
        """Within the storage where a part lies in one of them, else in constant memory; then they are gone."""
        data = os.urandom(35 * MIB)
        bits = [data[: 5 * MIB], data[5 * MIB : 9 * MIB + 1], data[9 * MIB + 1 :]]
        urls = [(await tus.create(len(bit), bit, **{"Upload-Concat": "partial"})).headers["location"] for bit in bits]
        assert (await ada.get("/api/v1/videos/mine")).json()["items"] == []
        assert (await tus.ask(urls[0])).headers["upload-concat"] == "partial"
        before = (await ada.get("/api/v1/user/usage")).json()
        final = {**tus.headers, "Upload-Concat": f"final;{' '.join(urls)}", **metadata(filename="sea.mp4")}
        answer = await tus.client.post(UPLOADS, headers=final)
        assert answer.status_code == 201, answer.text
        url = answer.headers["location"]
        assert (await ada.get("/api/v1/user/usage")).json()["bytes"] == before["bytes"] == len(data)
        told = await tus.ask(url)
        assert "upload-offset" not in told.headers
        assert told.headers["upload-concat"] == final["Upload-Concat"]
        problem(await tus.send(url, 0, b"x"), 403, "final_upload")

        for _ in range(2):
            await services.joining.join(JobRun(1, 1, 1), str(id_of(url)))
        assert await stored(services, id_of(url)) == data
        assert await tus.offset(url) == len(data)
        assert [video["id"] for video in (await ada.get("/api/v1/videos/mine")).json()["items"]] == [str(id_of(url))]
        assert set(await remove_deleted(services)) == {str(id_of(bit)) for bit in urls}
        with pytest.raises(NoSuchObjectError):
            await services.storage.size(keys.source_key(id_of(urls[0])))

    async def test_only_finished_fragments_of_ones_own_are_joined(self, tus: Tus, bob: Person) -> None:
        """Neither a video, nor another's, nor what is still awaited; and none of them is used up by trying."""
        whole = (await tus.create(3, b"abc", **{"Upload-Concat": "partial"})).headers["location"]
        others = [
            await tus.begin(10),
            await tus.begin(10, **{"Upload-Concat": "partial"}),
            (await Tus(bob).create(3, b"abc", **{"Upload-Concat": "partial"})).headers["location"],
            f"{UPLOADS}/{uuid4()}",
        ]
        for other in others:
            headers = {**tus.headers, "Upload-Concat": f"final;{whole} {other}"}
            problem(await tus.client.post(UPLOADS, headers=headers), 409, "fragments_unfinished")
        assert (await tus.client.post(UPLOADS, headers={**headers, "Upload-Concat": f"final;{whole}"})).is_success

    async def test_what_is_being_joined_stays_until_it_is(self, ada: Person, tus: Tus, services: Services) -> None:
        """However long that takes: nobody has to send anything any more."""
        bit = (await tus.create(3, b"abc", **{"Upload-Concat": "partial"})).headers["location"]
        url = await tus.join(bit)
        problem(await tus.delete(bit), 409, "fragment_in_use")
        problem(await ada.delete(f"/api/v1/videos/{id_of(bit)}"), 409, "fragment_in_use")
        await age(services, "updated_at", 25)
        await services.videos.abandon(upload_hours=24, failed_days=7)
        await services.joining.join(JobRun(1, 1, 1), str(id_of(url)))
        assert await stored(services, id_of(url)) == b"abc"

    @pytest.mark.parametrize("way", ["terminate", "delete"])
    async def test_fragments_go_with_what_they_are_joined_to(
        self, ada: Person, tus: Tus, services: Services, way: str
    ) -> None:
        """And count as long as they do not."""
        bit = (await tus.create(3, b"abc", **{"Upload-Concat": "partial"})).headers["location"]
        url = await tus.join(bit)
        if way == "terminate":
            assert (await tus.delete(url)).status_code == 204
        else:
            assert (await ada.delete(f"/api/v1/videos/{id_of(url)}")).status_code == 204
        assert set(await remove_deleted(services)) == {str(id_of(bit)), str(id_of(url))}
        assert (await ada.get("/api/v1/user/usage")).json()["bytes"] == 0
        async with services.database.connection() as db:
            await execute(db, "UPDATE videos SET deleted_at = NULL WHERE id = %s", (id_of(bit),))
        assert (await ada.get("/api/v1/user/usage")).json()["bytes"] == 3

    async def test_a_fragment_is_no_video(self, ada: Person, tus: Tus) -> None:
        """It cannot be completed as one."""
        url = await tus.begin(10, **{"Upload-Concat": "partial"})
        problem(await ada.post(f"/api/v1/videos/complete/{id_of(url)}"), 404, "video_not_found")


class TestAddress:
    async def test_it_takes_the_whole_file(self, ada: Person, services: Services) -> None:
        """From whoever has it."""
        data = os.urandom(17 * MIB)
        started = await ada.init(filesize=len(data))
        answer = await ada.client.put(started["upload"]["url"], content=data)
        assert (answer.status_code, answer.json()) == (200, {"received": len(data)})
        assert await stored(services, UUID(started["video"]["id"])) == data
        assert await status_of(services, UUID(started["video"]["id"])) == "PROCESSING"

    async def test_it_takes_windows_and_says_what_it_has(self, ada: Person, services: Services) -> None:
        """308 until all is there; bytes that came already may come again, also when nothing is missing."""
        data = os.urandom(1000)
        started = await ada.init(filesize=1000)

        async def put(start: int | None, end: int = 0) -> tuple[int, str | None]:
            window = "*" if start is None else f"{start}-{end - 1}"
            headers = {"Content-Range": f"bytes {window}/1000", "Content-Type": "video/mp4"}
            body = b"" if start is None else data[start:end]
            answer = await ada.client.put(started["upload"]["url"], content=body, headers=headers)
            return answer.status_code, answer.headers.get("range")

        assert await put(None) == (308, None)
        assert await put(0, 300) == (308, "bytes=0-299")
        assert await put(0, 300) == (308, "bytes=0-299")
        assert await put(100, 500) == (308, "bytes=0-499")
        assert (await put(501, 1000))[0] == 409
        assert await put(None) == (308, "bytes=0-499")
        assert await put(500, 1000) == (200, None)
        assert await put(500, 1000) == (200, None)
        assert await put(None) == (200, None)
        assert await stored(services, UUID(started["video"]["id"])) == data

    @pytest.mark.parametrize("token", ["", "x", "x" * 43])
    async def test_a_wrong_one_leads_nowhere(self, ada: Person, token: str) -> None:
        """As a video that is not there."""
        started = await ada.init()
        url = started["upload"]["url"].partition("token=")[0] + f"token={token}"
        problem(await ada.client.put(url, content=b"x" * 1000), 404, "video_not_found")

    async def test_each_video_has_its_own(self, ada: Person) -> None:
        """That of another opens nothing."""
        one, other = (await ada.init())["video"]["id"], (await ada.init())["upload"]["url"]
        url = f"/api/v1/videos/{one}/file?{other.partition('?')[2]}"
        problem(await ada.client.put(url, content=b"x" * 1000), 404, "video_not_found")

    async def test_it_ends_with_its_video(self, ada: Person) -> None:
        """Nothing can be done with it any more."""
        started = await ada.init()
        await ada.post(f"/api/v1/videos/abort/{started['video']['id']}")
        problem(await ada.client.put(started["upload"]["url"], content=b"x" * 1000), 404, "video_not_found")

    async def test_parts_that_were_received_need_not_be_signed(self, ada: Person, services: Services) -> None:
        """The storage has one upload, however its parts came."""
        data = os.urandom(16 * MIB + 100)
        started = await ada.init(filesize=len(data))
        video_id = started["video"]["id"]
        headers = {"Content-Range": f"bytes 0-{16 * MIB - 1}/{len(data)}"}
        await ada.client.put(started["upload"]["url"], content=data[: 16 * MIB], headers=headers)
        signed = (await ada.get(f"/api/v1/videos/signedurl/{video_id}")).json()
        assert [part["part_number"] for part in signed["parts"]] == [2]
        async with httpx.AsyncClient() as storage:
            await storage.put(signed["parts"][0]["url"], content=data[16 * MIB :])
        assert (await ada.post(f"/api/v1/videos/complete/{video_id}")).status_code == 200
        assert await stored(services, UUID(video_id)) == data

    async def test_pieces_go_when_the_upload_is_ended_otherwise(self, ada: Person, services: Services) -> None:
        """By a job."""
        data = os.urandom(16 * MIB)
        started = await ada.init(filesize=len(data))
        video_id = started["video"]["id"]
        headers = {"Content-Range": f"bytes 0-99/{len(data)}"}
        await ada.client.put(started["upload"]["url"], content=data[:100], headers=headers)
        signed = (await ada.get(f"/api/v1/videos/signedurl/{video_id}")).json()
        async with httpx.AsyncClient() as storage:
            await storage.put(signed["parts"][0]["url"], content=data)
        assert (await ada.post(f"/api/v1/videos/complete/{video_id}")).status_code == 200
        assert await job_of(services, "uploads.join") == 1
        await services.joining.join(JobRun(1, 1, 1), video_id)
        assert await pieces_of(services, UUID(video_id)) == []


@pytest.fixture
async def port(services: Services) -> AsyncIterator[int]:
    """The application behind Granian, in this process: connections that can be cut."""
    port = free_port()
    app = create_app(services)
    server = Server(
        app, address="127.0.0.1", port=port, interface=Interfaces.ASGI, websockets=False, log_enabled=False
    )
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            except ConnectionRefusedError:
                await asyncio.sleep(0.02)
    yield port
    server.stop()
    await serving


class Line:
    """A PATCH on a connection of its own."""

    def __init__(self, port: int, tus: Tus, url: str) -> None:
        self._port = port
        self._url = url
        self._authorization = tus.headers["Authorization"]

    async def open(self, offset: int, length: int) -> None:
        self._reader, self.writer = await asyncio.open_connection("127.0.0.1", self._port)
        head = [
            f"PATCH {self._url} HTTP/1.1",
            "Host: localhost",
            f"Authorization: {self._authorization}",
            "Tus-Resumable: 1.0.0",
            "Content-Type: application/offset+octet-stream",
            f"Upload-Offset: {offset}",
            f"Content-Length: {length}",
        ]
        self.writer.write("\r\n".join([*head, "", ""]).encode())

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def status(self) -> int:
        line = await self._reader.readline()
        self.writer.close()
        return int(line.split()[1])

    def cut(self, *, rudely: bool) -> None:
        if rudely:
            self.writer.transport.abort()
        else:
            self.writer.close()


async def until_offset(tus: Tus, url: str, least: int) -> int:
    """What is stored, once it is so much: whoever was cut off records what came."""
    async with asyncio.timeout(20):
        while (offset := await tus.offset(url)) < least:
            await asyncio.sleep(0.005)
    return offset


class TestCuts:
    async def test_two_hundred_cuts_change_no_byte(self, tus: Tus, services: Services, port: int) -> None:
        """Anywhere; whoever comes next goes on from what is stored, and that never becomes less."""
        seed = random.randrange(2**32)
        print(f"seed {seed}")
        chance = random.Random(seed)
        data = chance.randbytes(16 * MIB)
        url = await tus.begin(len(data))
        await cut_small(services, id_of(url))
        stored_before = 0
        for _ in range(CUTS):
            offset = await tus.offset(url)
            assert offset >= stored_before
            stored_before = offset
            line = Line(port, tus, url)
            await line.open(offset, len(data) - offset)
            with contextlib.suppress(ConnectionError):  # answered already, where the offset was no longer true
                await line.send(data[offset : offset + chance.randrange(100_000)])
            line.cut(rudely=chance.random() < 0.5)
        async with asyncio.timeout(20):  # one that was cut off may still record what came
            while (answer := await tus.send(url, at := await tus.offset(url), data[at:])).status_code == 409:
                pass
        assert answer.status_code == 204, answer.text
        assert 0 < at <= len(data)
        assert hashlib.sha256(await stored(services, id_of(url))).digest() == hashlib.sha256(data).digest()

    async def test_what_came_before_a_cut_is_kept(self, tus: Tus, services: Services, port: int) -> None:
        """To the byte, where there is no checksum."""
        data = os.urandom(100_000)
        url = await tus.begin(len(data))
        line = Line(port, tus, url)
        await line.open(0, len(data))
        await line.send(data[:70_000])
        line.cut(rudely=False)
        assert await until_offset(tus, url, 70_000) == 70_000
        await tus.send(url, 70_000, data[70_000:])
        assert await stored(services, id_of(url)) == data

    async def test_of_two_writers_the_later_one_goes_on(self, tus: Tus, services: Services, port: int) -> None:
        """From where the earlier one is, which stores what it has."""
        data = os.urandom(SMALL_PART * 2)
        url, earlier = await written(tus, services, port, data)
        problem(await tus.send(url, 0, data), 409, "offset_mismatch")
        assert await earlier.status() == 409
        assert await tus.offset(url) == 1000
        await tus.send(url, 1000, data[1000:])
        assert await status_of(services, id_of(url)) == "PROCESSING"
        assert await stored(services, id_of(url)) == data

    async def test_whoever_does_not_make_room_is_overtaken(
        self, tus: Tus, services: Services, port: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """In another process, say: it records nothing any more, whatever it still sends."""
        monkeypatch.setattr(BodyStream, "interrupt", lambda _: None)
        monkeypatch.setattr(reception, "HANDOVER_SECONDS", 0.0)
        data = os.urandom(SMALL_PART * 2)
        url, earlier = await written(tus, services, port, data)
        assert (await tus.send(url, 0, data[: SMALL_PART + 1])).status_code == 204
        await earlier.send(bytes(SMALL_PART - 1000))
        assert await earlier.status() == 409
        assert await tus.offset(url) == SMALL_PART + 1
        await tus.send(url, SMALL_PART + 1, data[SMALL_PART + 1 :])
        assert await status_of(services, id_of(url)) == "PROCESSING"
        assert await stored(services, id_of(url)) == data

    @pytest.mark.parametrize("by", ["request", "job"])
    async def test_a_part_that_comes_late_of_whoever_was_overtaken_spoils_nothing(
        self, tus: Tus, services: Services, monkeypatch: pytest.MonkeyPatch, by: str
    ) -> None:
        """Where the storage keeps the last of two: its place is found out, and sent again by whoever is there."""
        data = os.urandom(SMALL_PART + 10)
        url = await tus.begin(len(data))
        await cut_small(services, id_of(url))
        await tus.send(url, 0, data[:SMALL_PART])
        upload = await services.uploads.load(id_of(url))
        list_parts, is_spoilt = services.storage.list_parts, True

        async def keeping_the_last(key: str, upload_id: str) -> list[Part]:
            parts = await list_parts(key, upload_id)
            return [part for part in parts if (part.etag == late) == is_spoilt or part.part_number > 1]

        async def nothing(_: UploadRow) -> None:
            pass

        assert upload.upload_id is not None
        late = await services.storage.put_part(upload.key, upload.upload_id, 1, SMALL_PART, zeros(SMALL_PART))
        monkeypatch.setattr(services.storage, "list_parts", keeping_the_last)
        if by == "job":
            monkeypatch.setattr(services.joining, "finish", nothing)
            assert (await tus.send(url, SMALL_PART, data[SMALL_PART:])).status_code == 204
            await services.joining.join(JobRun(0, 0, 1), str(id_of(url)))
            problem(await tus.send(url, 0, data), 409, "upload_gone")
            return
        problem(await tus.send(url, SMALL_PART, data[SMALL_PART:]), 409, "offset_mismatch")
        assert await tus.offset(url) == 0
        await services.joining.join(JobRun(0, 0, 1), str(id_of(url)))  # enqueued before: somebody sends it again
        is_spoilt = False
        assert (await tus.send(url, 0, data)).status_code == 204
        assert await stored(services, id_of(url)) == data

    async def test_three_writers_at_once_make_one_file(self, tus: Tus, services: Services) -> None:
        """One of them goes on at a time; all of them together write it once."""
        data = os.urandom(SMALL_PART + 100)
        url = await tus.begin(len(data))
        await cut_small(services, id_of(url))

        async def write() -> None:
            while (offset := await tus.offset(url)) < len(data):
                answer = await tus.send(url, offset, data[offset : offset + MIB])
                assert answer.status_code in (204, 409), answer.text

        await asyncio.gather(*(write() for _ in range(3)))
        assert await stored(services, id_of(url)) == data
        assert await job_of(services, "encoding.ingest") == 1


async def written(tus: Tus, services: Services, port: int, data: bytes) -> tuple[str, Line]:
    """An upload, and a request that has brought a thousand bytes of it and hangs."""
    url = await tus.begin(len(data))
    await cut_small(services, id_of(url))
    line = Line(port, tus, url)
    await line.open(0, len(data))
    await line.send(data[:1000])
    async with asyncio.timeout(20):
        while not await is_being_written(services, id_of(url)):
            await asyncio.sleep(0.005)
    return url, line


async def zeros(size: int) -> AsyncIterator[bytes]:
    yield bytes(size)


async def is_being_written(services: Services, video_id: UUID) -> bool:
    async with services.database.connection() as db:
        return await fetch_value(db, "SELECT writer FROM receptions WHERE video_id = %s", (video_id,)) is not None


class TestQuotaOfInit:
    async def test_a_fragment_counts_until_it_is_joined(self, ada: Person, tus: Tus, sign_up: SignUp) -> None:
        """And what it is joined to counts once, also where nothing more would fit."""
        admin = await sign_up(role="ADMIN")
        await ada.client.put(f"/api/v1/users/{ada.id}/quota", json={"bytes": 6}, headers=admin.headers)
        urls = [(await tus.create(3, b"abc", **{"Upload-Concat": "partial"})).headers["location"] for _ in range(2)]
        problem(await ada.post("/api/v1/videos/init", new_video(filesize=1)), 403, "quota_exceeded")
        headers = {**tus.headers, "Upload-Concat": f"final;{' '.join(urls)}"}
        assert (await tus.client.post(UPLOADS, headers=headers)).status_code == 201
