"""Files that come by tus: what was acknowledged is there."""

import asyncio
import errno
import os
import tempfile
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from tests.integration.conftest import Person, SignUp, problem
from tests.integration.modules.uploads.tus import (
    BYTES,
    MIB,
    SMALL_PART,
    UPLOADS,
    Tus,
    checksum,
    cut_small,
    id_of,
    job_of,
    metadata,
    pieces_of,
    status_of,
    stored,
)

from matinee.bootstrap import Services
from matinee.common.database import execute
from matinee.common.jobs import JobRun
from matinee.media import keys
from matinee.modules.uploads import reception
from matinee.modules.uploads.repository import UploadRow


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
