"""A video from an address: it arrives whole from whatever server, or says why not."""

import asyncio
import itertools
import random
import socket
from typing import Any
from uuid import UUID

import msgspec
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from tests.integration.conftest import Person, age, client_of, problem, remove_deleted
from tests.integration.modules.imports.conftest import IMPORT, PART, Imports, Working
from tests.integration.modules.imports.film_server import FilmServer

from matinee.app import create_app
from matinee.bootstrap import Services, open_services
from matinee.common.config import Settings
from matinee.common.database import execute, fetch_value
from matinee.common.storage.port import NoSuchUploadError
from matinee.common.storage.s3 import S3Storage
from matinee.media import keys


async def value(services: Services, sql: Any, *params: object) -> Any:
    """The first column of the first row."""
    async with services.database.connection() as db:
        return await fetch_value(db, sql, params)


async def upload_of(services: Services, video_id: str) -> str:
    """The id of a video's multipart upload."""
    return str(await value(services, "SELECT upload_id FROM videos WHERE id = %s", UUID(video_id)))


class TestOperation:
    @pytest.mark.parametrize(
        ("url", "code"),
        [
            ("ftp://films.example.org/sea.mp4", "validation_failed"),
            ("file:///etc/passwd", "validation_failed"),
            ("http://films.example.org/sea.mp4\r\nX-Evil: 1", "validation_failed"),
            ("https://ada:secret@films.example.org/sea.mp4", "invalid_import_url"),
            ("https://ada@films.example.org/sea.mp4", "invalid_import_url"),
            ("https:///sea.mp4", "invalid_import_url"),
            ("https://films.example.org:99999/sea.mp4", "invalid_import_url"),
            ("https://[::1/sea.mp4", "invalid_import_url"),
        ],
    )
    async def test_what_is_no_address_is_refused(self, ada: Person, url: str, code: str) -> None:
        """And nothing is stored."""
        body = problem(await ada.post(IMPORT, {"url": url}), 422, code)
        assert [fault["path"] for fault in body["errors"]] == ["url"]
        assert "secret" not in body["detail"]
        assert (await ada.get("/api/v1/videos/mine")).json()["items"] == []

    async def test_what_is_not_said_comes_from_the_address(self, ada: Person) -> None:
        """Name and title; and the address is shown without what may be secret in it."""
        answer = await ada.post(IMPORT, {"url": "https://films.example.org/a/North%20Sea.mp4?token=secret#t=1"})
        video = answer.json()
        assert answer.status_code == 201
        assert (video["filename"], video["title"], video["status"]) == ("North Sea.mp4", "North Sea", "INITIATED")
        assert video["import"] == {"received": 0, "length": None, "trouble": None}
        assert "secret" not in answer.text
        assert video["imported_from"] == "https://films.example.org/a/North%20Sea.mp4"

    async def test_it_is_described_like_an_upload(self, ada: Person) -> None:
        """With tags, each once, and their language."""
        new = {"url": "https://films.example.org/sea.mp4", "tags": ["Sea", "sea"], "language": "en"}
        video = (await ada.post(IMPORT, new)).json()
        assert (video["tags"], video["language"]) == (["Sea"], "en")

    async def test_where_it_is_from_is_for_its_owner(self, ada: Person, bob: Person) -> None:
        """Like the file's name."""
        body = {"url": "https://films.example.org/sea.mp4", "visibility": "public"}
        video_id = (await ada.post(IMPORT, body)).json()["id"]
        assert (await bob.get(f"/api/v1/videos/{video_id}")).json()["imported_from"] is None

    async def test_the_same_key_is_the_same_import(self, ada: Person) -> None:
        """However often it is sent."""
        body = {"url": "https://films.example.org/sea.mp4"}
        answers = [await ada.post(IMPORT, body, **{"Idempotency-Key": "k" * 20}) for _ in range(2)]
        assert answers[0].json()["id"] == answers[1].json()["id"]
        assert len((await ada.get("/api/v1/videos/mine")).json()["items"]) == 1

    async def test_nobody_sends_parts_to_it(self, imports: Imports, ada: Person) -> None:
        """They would lie among those that are fetched."""
        video_id = await imports.begin("https://films.example.org/sea.mp4")
        problem(await ada.get(f"/api/v1/videos/signedurl/{video_id}"), 409, "import_under_way")
        problem(await ada.post(f"/api/v1/videos/complete/{video_id}"), 409, "import_under_way")

    async def test_it_may_be_off(self, settings: Settings, storage: S3Storage, ada: Person) -> None:
        """No slot, no import."""
        async with (
            open_services(_changed(settings, import_slots=0), storage=storage) as services,
            client_of(create_app(services)) as client,
        ):
            body = {"url": "https://films.example.org/sea.mp4"}
            problem(await client.post(IMPORT, json=body, headers=ada.headers), 403, "imports_off")

    async def test_it_is_encrypted_as_an_upload_is(self, settings: Settings, storage: S3Storage, ada: Person) -> None:
        """As the server's setting says, unless it says so itself."""
        async with (
            open_services(_changed(settings, encryption="cbcs"), storage=storage) as services,
            client_of(create_app(services)) as client,
        ):
            body = {"url": "https://films.example.org/sea.mp4"}
            answers = [
                await client.post(IMPORT, json={**body, **chosen}, headers=ada.headers)
                for chosen in ({}, {"encryption": "none"}, {"encryption": "cenc"})
            ]
            assert [answer.json()["encryption"] for answer in answers] == ["cbcs", "none", "cenc"]

    async def test_why_it_waits_is_told(self, imports: Imports, ada: Person) -> None:
        """Here no worker fetches anything."""
        video_id = await imports.begin("https://films.example.org/sea.mp4")
        answer = (await ada.get(f"/api/v1/videos/{video_id}/encoding")).json()
        assert answer["why"]["code"] == "no_worker"


class TestArriving:
    @pytest.mark.parametrize("tells_length", [True, False])
    async def test_it_arrives_whole(
        self, imports: Imports, server: FilmServer, working: Working, services: Services, *, tells_length: bool
    ) -> None:
        """Also where its length is not told; then it is encoded, and its address is forgotten."""
        server.tells_length = tells_length
        async with working():
            video_id = await imports.begin(server.url("/sea.mp4?token=secret"))
            assert await imports.arrived(video_id) == server.content
        video = await imports.video(video_id)
        assert (video["filetype"], video["import"]) == ("video/mp4", None)
        assert server.requests[0][""] == "GET /sea.mp4?token=secret HTTP/1.1"
        assert server.requests[0]["accept-encoding"] == "identity"
        assert await value(services, "SELECT count(*) FROM imports") == 0
        waiting = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'encoding.ingest' AND status = 'todo'"
        assert await value(services, waiting) == 1

    async def test_its_progress_is_told(self, imports: Imports, server: FilmServer, working: Working) -> None:
        """While it comes; whoever follows the video hears of it."""
        server.holds.clear()
        async with working():
            video_id = await imports.begin(server.url())
            far = PART + 100_000
            video = await imports.until(video_id, lambda video: video["import"]["received"] >= far)
            assert video["import"]["length"] == video["filesize"] == len(server.content)
            assert video["status"] == "UPLOADING"
            server.holds.set()
            assert await imports.arrived(video_id) == server.content

    async def test_it_waits_for_a_worker_as_long_as_it_takes(
        self, imports: Imports, server: FilmServer, working: Working, services: Services
    ) -> None:
        """Days, and also where its job is lost."""
        video_id = await imports.begin(server.url())
        await age(services, "updated_at", 100)
        await services.videos.abandon(upload_hours=24, failed_days=7)
        assert (await imports.video(video_id))["status"] == "INITIATED"
        jobs = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'imports.fetch'"
        await services.imports.resume(services.database)
        assert await value(services, jobs) == 1
        async with services.database.connection() as db:
            await execute(db, "DELETE FROM procrastinate_jobs")
        await services.imports.resume(services.database)
        async with working():
            assert await imports.arrived(video_id) == server.content

    @pytest.mark.parametrize("how", ["abort", "delete"])
    async def test_it_ends_when_nobody_wants_it(
        self, imports: Imports, ada: Person, server: FilmServer, working: Working, services: Services, how: str
    ) -> None:
        """Its server is left alone, and nothing of it stays."""
        server.endless, server.tells_length = True, False
        async with working():
            video_id = await imports.begin(server.url())
            await imports.until(video_id, lambda video: video["import"]["received"] > PART)
            key, upload_id = keys.source_key(UUID(video_id)), await upload_of(services, video_id)
            if how == "abort":
                assert (await ada.post(f"/api/v1/videos/abort/{video_id}")).status_code == 204
            else:
                assert (await ada.delete(f"/api/v1/videos/{video_id}")).status_code == 204
            async with asyncio.timeout(10):
                await server.ended.wait()
        await remove_deleted(services)
        with pytest.raises(NoSuchUploadError):
            await services.storage.list_parts(key, upload_id)

    async def test_a_redirect_is_followed(self, imports: Imports, server: FilmServer, working: Working) -> None:
        """To another server that may be asked."""
        async with FilmServer(host="127.0.0.3") as first, working(import_allowed=("127.0.0.2/31",)):
            first.statuses, first.location = [302], server.url("/real.mp4")
            video_id = await imports.begin(first.url())
            assert await imports.arrived(video_id) == server.content
        assert server.requests[0][""] == "GET /real.mp4 HTTP/1.1"
        assert server.requests[0]["host"] == f"127.0.0.2:{server.port}"


class TestBrokenOff:
    async def test_it_goes_on_where_it_broke_off(
        self, imports: Imports, server: FilmServer, working: Working
    ) -> None:
        """At whatever byte, however often: what is here is not fetched again."""
        chance = random.Random(7)
        server.cuts = [PART - 100_000, *(chance.randrange(1, 40_000) for _ in range(12))]
        starts = list(itertools.accumulate(server.cuts))
        async with working():
            assert await imports.arrived(await imports.begin(server.url())) == server.content
        assert server.ranges == [None, *(f"bytes={start}-" for start in starts)]
        assert server.requests[-1]["if-range"] == server.etag

    @pytest.mark.parametrize("etag", ['"first"', None, 'W/"weak"'])
    async def test_it_begins_anew_where_a_server_knows_no_parts(
        self, imports: Imports, server: FilmServer, working: Working, etag: str | None
    ) -> None:
        """Or cannot say that the rest belongs to the same file."""
        server.takes_ranges, server.etag = False, etag
        server.cuts = [PART + 1, PART + 3]
        async with working():
            assert await imports.arrived(await imports.begin(server.url())) == server.content
        asked = f"bytes={PART + 1}-" if etag == '"first"' else None
        assert server.ranges[:2] == [None, asked]

    async def test_it_begins_anew_where_the_file_has_changed(
        self, imports: Imports, server: FilmServer, working: Working
    ) -> None:
        """Nothing of the former stays."""
        former, server.cuts = server.content, [PART + 5]
        server.successors = [('"second"', former[::-1])]
        async with working():
            assert await imports.arrived(await imports.begin(server.url())) == former[::-1]
        assert server.ranges == [None, f"bytes={PART + 5}-"]

    async def test_a_server_in_trouble_is_asked_again(
        self, imports: Imports, server: FilmServer, working: Working
    ) -> None:
        """Later, and in vain not for ever."""
        server.statuses = [503, 429, 500]
        async with working():
            assert await imports.arrived(await imports.begin(server.url())) == server.content
            server.requests.clear()
            server.statuses = [503] * 100
            failure = await imports.failure(await imports.begin(server.url()))
        assert failure["code"] == "import_broken_off"
        assert "503 Service Unavailable" in failure["detail"]
        assert len(server.requests) == 8

    async def test_a_refusal_is_final(self, imports: Imports, server: FilmServer, working: Working) -> None:
        """What is not there is not there."""
        server.statuses = [404]
        async with working():
            failure = await imports.failure(await imports.begin(server.url()))
        assert failure == {"code": "import_refused", "detail": "The server answers 404 Not Found."}
        assert len(server.requests) == 1

    async def test_a_length_that_is_not_kept_is_no_file(
        self, imports: Imports, server: FilmServer, working: Working
    ) -> None:
        """Nobody can tell what the rest would be."""
        server.content, server.lies = b"film", 100
        async with working():
            failure = await imports.failure(await imports.begin(server.url()))
        assert failure["code"] == "import_broken_off"

    async def test_a_silent_server_is_left(self, imports: Imports, server: FilmServer, working: Working) -> None:
        """And asked again."""
        server.holds.clear()
        async with working(import_idle_seconds=0.3):
            video_id = await imports.begin(server.url())
            video = await imports.until(video_id, lambda video: video["import"]["trouble"] is not None)
            assert video["import"]["trouble"] == "The server was silent for too long."
            server.holds.set()
            assert await imports.arrived(video_id) == server.content

    async def test_its_time_is_limited(self, imports: Imports, server: FilmServer, working: Working) -> None:
        """However busily its server sends."""
        server.holds.clear()
        async with working(import_hours=1.0 / 3600):
            failure = await imports.failure(await imports.begin(server.url()))
        assert failure["code"] == "import_too_slow"

    async def test_a_retry_goes_on_where_it_stopped(
        self, imports: Imports, ada: Person, server: FilmServer, working: Working
    ) -> None:
        """With the whole parts that are stored."""
        server.cuts, server.statuses = [PART + 5], [200, 403]
        async with working():
            video_id = await imports.begin(server.url())
            assert (await imports.failure(video_id))["code"] == "import_refused"
            server.requests.clear()
            answer = await ada.post(f"/api/v1/videos/{video_id}/encoding/retry")
            assert answer.status_code == 200, answer.text
            assert await imports.arrived(video_id) == server.content
        assert server.ranges == [f"bytes={PART}-"]


class TestLimits:
    async def test_an_endless_file_is_too_large(
        self, imports: Imports, server: FilmServer, working: Working, services: Services
    ) -> None:
        """No more of it is stored than is allowed."""
        server.endless, server.tells_length = True, False
        async with working(max_upload_bytes=1024**2):
            video_id = await imports.begin(server.url())
            assert (await imports.failure(video_id))["code"] == "file_too_large"
        parts = await services.storage.list_parts(
            keys.source_key(UUID(video_id)), await upload_of(services, video_id)
        )
        assert sum(part.size for part in parts) <= 1024**2

    async def test_a_large_file_is_refused_by_its_length(
        self, imports: Imports, server: FilmServer, working: Working, services: Services
    ) -> None:
        """Before anything of it is stored."""
        server.lies = 1024**2
        async with working(max_upload_bytes=1024**2):
            video_id = await imports.begin(server.url())
            assert (await imports.failure(video_id))["code"] == "file_too_large"
        assert await upload_of(services, video_id) == "None"

    @pytest.mark.parametrize("tells_length", [True, False])
    async def test_a_quota_is_never_exceeded(
        self,
        imports: Imports,
        server: FilmServer,
        working: Working,
        ada: Person,
        services: Services,
        *,
        tells_length: bool,
    ) -> None:
        """By two at once, of which one fits; what is reserved grows with what comes where no length is told."""
        server.tells_length = tells_length
        async with services.database.connection() as db:
            quota = int(len(server.content) * 1.5)
            await execute(db, "UPDATE users SET quota_bytes = %s WHERE id = %s", (quota, UUID(ada.id)))
        async with working():
            videos = [await imports.begin(server.url()) for _ in range(2)]
            ended = [
                await imports.until(video_id, lambda video: video["status"] in ("PROCESSING", "FAILED"))
                for video_id in videos
            ]
        failures = [video["failure"]["code"] for video in ended if video["failure"]]
        assert failures == ["quota_exceeded"]
        assert (await ada.get("/api/v1/user/usage")).json()["bytes"] <= quota

    @pytest.mark.parametrize(
        ("more", "code"),
        [
            ({"Content-Type": "text/html; charset=utf-8"}, "import_not_a_file"),
            ({"Content-Encoding": "gzip"}, "import_not_a_file"),
        ],
    )
    async def test_a_page_is_no_film(
        self, imports: Imports, server: FilmServer, working: Working, more: dict[str, str], code: str
    ) -> None:
        """Nor is what was compressed unasked."""
        server.more = more
        async with working():
            assert (await imports.failure(await imports.begin(server.url())))["code"] == code

    async def test_an_empty_file_is_refused(self, imports: Imports, server: FilmServer, working: Working) -> None:
        """With or without a length."""
        server.content = b""
        async with working():
            for server.tells_length in (True, False):
                assert (await imports.failure(await imports.begin(server.url())))["code"] == "import_empty"


class Names(AbstractResolver):
    """Answers of a name server, one for each time that it is asked; the last for ever."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> list[ResolveResult]:
        self.asked.append(host)
        address = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [
            ResolveResult(hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0)
            for address in address.split()
        ]

    async def close(self) -> None:
        pass


class TestReach:
    @pytest.mark.parametrize(
        "host", ["127.0.0.3", "localhost", "[::ffff:127.0.0.3]", "2130706435", "127.3", "0.0.0.0"]
    )
    async def test_this_machine_is_not_asked(self, imports: Imports, working: Working, host: str) -> None:
        """By whatever name."""
        async with FilmServer(b"secret", host="0.0.0.0") as inner, working():
            failure = await imports.failure(await imports.begin(inner.url(host=host)))
            assert failure["code"] == "import_address_refused"
            assert inner.requests == []

    async def test_no_redirect_leads_inside(self, imports: Imports, server: FilmServer, working: Working) -> None:
        """Each is checked like the first address."""
        async with FilmServer(b"secret", host="127.0.0.3") as inner, working():
            server.statuses, server.location = [307], inner.url()
            failure = await imports.failure(await imports.begin(server.url()))
            assert failure["code"] == "import_address_refused"
            assert inner.requests == []

    async def test_redirects_end(self, imports: Imports, server: FilmServer, working: Working) -> None:
        """After five."""
        server.statuses, server.location = [302] * 100, "/again"
        async with working():
            failure = await imports.failure(await imports.begin(server.url()))
        assert failure["code"] == "import_redirect_refused"
        assert len(server.requests) == 6

    async def test_a_name_that_changes_its_mind_leads_nowhere(
        self, imports: Imports, server: FilmServer, working: Working
    ) -> None:
        """It is resolved once a connection, and what it said then is what is connected to."""
        names = Names("127.0.0.2", "127.0.0.3")
        server.cuts = [1000]
        async with working(resolver=names):
            failure = await imports.failure(await imports.begin(server.url(host="films.example.org")))
        assert failure["code"] == "import_address_refused"
        assert names.asked == ["films.example.org"] * 2
        assert server.requests[0]["host"] == f"films.example.org:{server.port}"
        assert len(server.requests) == 1

    async def test_one_bad_address_of_many_is_not_tried(
        self, imports: Imports, server: FilmServer, working: Working
    ) -> None:
        """Nor are those behind it."""
        async with working(resolver=Names("127.0.0.3 127.0.0.2")):
            failure = await imports.failure(await imports.begin(server.url(host="films.example.org")))
        assert failure["code"] == "import_address_refused"
        assert server.requests == []

    async def test_tls_is_spoken_with_the_name(self, imports: Imports, working: Working) -> None:
        """With the address that it was resolved to, as everything."""
        hello: list[bytes] = []

        async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            hello.append(await reader.read(4096))
            writer.close()

        server = await asyncio.start_server(listen, "127.0.0.2", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, working(resolver=Names("127.0.0.2")):
            failure = await imports.failure(await imports.begin(f"https://films.example.org:{port}/sea.mp4"))
        assert failure["code"] == "import_broken_off"
        assert hello[0][0] == 22  # a handshake
        assert b"films.example.org" in hello[0]

    async def test_a_host_may_be_allowed_by_its_name(
        self, imports: Imports, server: FilmServer, working: Working
    ) -> None:
        """Wherever it is, at any port."""
        async with working(resolver=Names("127.0.0.2"), import_allowed=("Films.intra",)):
            video_id = await imports.begin(server.url(host="films.intra"))
            assert await imports.arrived(video_id) == server.content

    async def test_no_proxy_of_the_environment_is_used(
        self, imports: Imports, server: FilmServer, working: Working, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It would resolve the name anew."""
        async with FilmServer(b"proxied", host="127.0.0.3") as proxy, working():
            monkeypatch.setenv("http_proxy", proxy.url("/"))
            assert await imports.arrived(await imports.begin(server.url())) == server.content
            assert proxy.requests == []


def _changed(settings: Settings, **changes: Any) -> Settings:
    return msgspec.structs.replace(settings, **changes)
