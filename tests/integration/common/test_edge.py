"""The outermost layer: what every answer carries, and what becomes of everything that goes wrong."""

import asyncio
import base64
import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
import structlog
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from tests.integration.conftest import PASSWORD, Person, problem
from tests.serving import Server, environment_of, serving

from matinee.app import create_app
from matinee.bootstrap import Services
from matinee.common.config import Settings
from matinee.common.database import fetch_value
from matinee.common.http.edge import Edge
from matinee.embedded.databases import create_database, drop_database
from matinee.embedded.ports import free_ports
from matinee.embedded.postgres import PostgresEndpoint

ME = "/api/v1/auth/me"
LOGIN = "/api/v1/auth/login"
PAGE = "https://app.example.org"
OTHER = "https://evil.example.com"


def client_of(app: ASGIApp) -> httpx.AsyncClient:
    """A client of any application."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost:3000")


def edge(app: ASGIApp, *, timeout: float = 5.0, https: bool = False) -> httpx.AsyncClient:
    """A client of the edge around an application."""
    return client_of(Edge(app, timeout=timeout, https=https, content_security_policy="default-src 'none'"))


async def crash(scope: Scope, receive: Receive, send: Send) -> None:
    """A handler with a bug."""
    raise ZeroDivisionError("the secret of the house")


async def hang(scope: Scope, receive: Receive, send: Send) -> None:
    """A handler that waits for ever."""
    await asyncio.Event().wait()


class TestRequestId:
    async def test_a_harmless_one_comes_back(self, api: httpx.AsyncClient) -> None:
        """So that a client's logs and ours can be matched."""
        answer = await api.get("/health", headers={"X-Request-ID": "client-0001.a_b"})
        assert answer.headers["x-request-id"] == "client-0001.a_b"

    @pytest.mark.parametrize(
        "sent", [b"short", b"x" * 129, b"with space in it", "größe-größe".encode(), b"<script>alert(1)</script>", b""]
    )
    async def test_any_other_is_replaced(self, api: httpx.AsyncClient, sent: bytes) -> None:
        """By one of ours: nothing of it reaches headers or logs."""
        answer = await api.get("/health", headers={b"X-Request-ID": sent})
        assert UUID(answer.headers["x-request-id"]).version == 4

    async def test_each_request_has_its_own(self, api: httpx.AsyncClient) -> None:
        """Where the client sends none."""
        ids = {(await api.get("/health")).headers["x-request-id"] for _ in range(5)}
        assert len(ids) == 5


class TestSecurityHeaders:
    @pytest.mark.parametrize(
        ("path", "status"),
        [("/health", 200), ("/nowhere", 404), (ME, 401), ("/openapi.json", 200), ("/documentation/problems", 200)],
    )
    async def test_every_answer_carries_them(self, api: httpx.AsyncClient, path: str, status: int) -> None:
        """Whatever its status."""
        answer = await api.get(path)
        assert answer.status_code == status
        _check_security_headers(answer)

    async def test_a_crash_carries_them_too(self) -> None:
        """As well as the request's id."""
        async with edge(crash) as client:
            answer = await client.get("/")
        _check_security_headers(answer)
        problem(answer, 500, "internal_error")

    @pytest.mark.parametrize("https", [True, False])
    async def test_hsts_is_told_where_the_public_address_is_https(self, https: bool) -> None:
        """And there alone: on plain http it would lock people out."""
        async with edge(PlainTextResponse("ok"), https=https) as client:
            assert ("strict-transport-security" in (await client.get("/")).headers) is https

    async def test_an_answer_may_bring_its_own_policy(self, api: httpx.AsyncClient) -> None:
        """A page has styles; everything else is inert."""
        assert "style-src" not in (await api.get("/health")).headers["content-security-policy"]
        assert "style-src" in (await api.get("/documentation/problems")).headers["content-security-policy"]


class TestMethods:
    async def test_head_is_get_without_its_body(self, ada: Person) -> None:
        """The headers are the same, its length included."""
        get = await ada.get(ME)
        head = await ada.client.head(ME, headers=ada.headers)
        assert head.status_code == 200
        assert head.content == b""
        assert head.headers["content-length"] == get.headers["content-length"] == str(len(get.content))

    async def test_head_of_a_problem_has_no_body_either(self, api: httpx.AsyncClient) -> None:
        """A client would take it for the next answer."""
        answer = await api.head("/nowhere")
        assert (answer.status_code, answer.content) == (404, b"")

    async def test_head_of_an_event_stream_ends_at_once(self, ada: Person) -> None:
        """It does not wait for events that nobody would be sent."""
        video_id = (await ada.init())["video"]["id"]
        answer = await ada.client.head(f"/api/v1/videos/{video_id}/events", headers=ada.headers, timeout=5)
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.content == b""

    async def test_another_method_is_told_which_there_are(self, api: httpx.AsyncClient) -> None:
        """405 with Allow."""
        answer = await api.put(ME)
        problem(answer, 405, "method_not_allowed")
        assert answer.headers["allow"] == "GET, HEAD, OPTIONS"

    async def test_options_tells_them_too(self, api: httpx.AsyncClient) -> None:
        """Without a body."""
        answer = await api.options(LOGIN)
        assert (answer.status_code, answer.headers["allow"]) == (204, "OPTIONS, POST")


class TestCrossOrigin:
    @pytest.fixture
    async def pages(self, services: Services) -> AsyncIterator[httpx.AsyncClient]:
        """The application with one other origin allowed."""
        services.settings = msgspec.structs.replace(services.settings, cors_origins=(PAGE,))
        async with client_of(create_app(services)) as client:
            yield client

    async def test_an_allowed_page_may_read_with_credentials(self, pages: httpx.AsyncClient) -> None:
        """And sees the headers that it needs."""
        answer = await pages.get("/health", headers={"Origin": PAGE})
        assert answer.headers["access-control-allow-origin"] == PAGE
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert "Retry-After" in answer.headers["access-control-expose-headers"]

    async def test_an_allowed_page_may_read_problems(self, pages: httpx.AsyncClient) -> None:
        """A browser that may not read a 401 shows its user nothing but 'network error'."""
        answer = await pages.get(ME, headers={"Origin": PAGE})
        assert problem(answer, 401, "unauthenticated")
        assert answer.headers["access-control-allow-origin"] == PAGE

    async def test_another_page_may_not(self, pages: httpx.AsyncClient) -> None:
        """The answer does not name its origin, so the browser keeps it back."""
        assert "access-control-allow-origin" not in (await pages.get("/health", headers={"Origin": OTHER})).headers

    @pytest.mark.parametrize(("origin", "status"), [(PAGE, 200), (OTHER, 400)])
    async def test_preflights_are_answered(self, pages: httpx.AsyncClient, origin: str, status: int) -> None:
        """Before anything of the application runs."""
        asked = {
            "Origin": origin,
            "Access-Control-Request-Method": "PATCH",
            "Access-Control-Request-Headers": "authorization,idempotency-key",
        }
        answer = await pages.options("/api/v1/user/profile", headers=asked)
        assert answer.status_code == status
        assert answer.headers.get("access-control-allow-origin") == (PAGE if origin == PAGE else None)

    @pytest.mark.parametrize("path", ["/api/v1/user/profile", "/playback/x/master.m3u8"])
    async def test_preflights_carry_what_every_answer_carries(self, pages: httpx.AsyncClient, path: str) -> None:
        """Request id, security headers, and a line in the log."""
        asked = {"Origin": PAGE, "Access-Control-Request-Method": "GET", "X-Request-ID": "client-0001"}
        with structlog.testing.capture_logs() as logs:
            answer = await pages.options(path, headers=asked)
        _check_security_headers(answer)
        assert answer.headers["x-request-id"] == "client-0001"
        assert len(answer.headers.get_list("access-control-allow-origin")) == 1
        assert [entry["operation"] for entry in logs if entry["event"] == "request"] == ["preflight"]

    async def test_a_page_may_read_every_header_that_is_meant_for_it(self, pages: httpx.AsyncClient) -> None:
        """A browser keeps the others from it."""
        answer = await pages.get("/health", headers={"Origin": PAGE})
        exposed = set(answer.headers["access-control-expose-headers"].split(", "))
        limits = {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Retry-After"}
        assert exposed >= {"X-Request-ID", "Idempotency-Replayed", "ETag", *limits}

    async def test_without_the_setting_nobody_else_may(self, api: httpx.AsyncClient) -> None:
        """The default."""
        assert "access-control-allow-origin" not in (await api.get("/health", headers={"Origin": PAGE})).headers


class TestFailures:
    async def test_a_crash_tells_nothing_of_itself(self) -> None:
        """A clean 500 for the client; the log has the traceback."""
        with structlog.testing.capture_logs() as logs:
            async with edge(crash) as client:
                answer = await client.get("/")
        body = problem(answer, 500, "internal_error")
        assert "secret" not in answer.text
        assert "ZeroDivision" not in answer.text
        failed = next(entry for entry in logs if entry["event"] == "request_failed")
        assert failed["exc_info"]
        assert failed["request_id"] == body["request_id"]

    async def test_a_request_that_takes_too_long_is_given_up(self) -> None:
        """504, and what it did is cancelled."""
        async with edge(hang, timeout=0.05) as client:
            problem(await client.get("/"), 504, "timed_out")

    async def test_a_database_that_hangs_holds_no_request_beyond_its_time(self, services: Services) -> None:
        """Not even to roll back: the connection is given up, and the next request has another."""
        pids: list[int] = []

        async def work(scope: Scope, receive: Receive, send: Send) -> None:
            async with services.database.transaction() as db:
                if not pids:
                    pids.append(int(await fetch_value(db, "SELECT pg_backend_pid()")))
                    os.kill(pids[0], signal.SIGSTOP)
                await fetch_value(db, "SELECT 1")
            await PlainTextResponse("done")(scope, receive, send)

        async with edge(work, timeout=2) as client:
            wake_up = asyncio.get_running_loop().call_later(15, lambda: os.kill(pids[0], signal.SIGCONT))
            try:
                async with asyncio.timeout(10):
                    problem(await client.get("/"), 504, "timed_out")
                    assert (await client.get("/")).text == "done"
            finally:
                wake_up.cancel()
                os.kill(pids[0], signal.SIGCONT)
            assert (await client.get("/")).text == "done"

    async def test_an_answer_that_began_is_not_answered_twice(self) -> None:
        """The status is sent already: all that is left is to end."""

        async def begin_then_crash(scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"half", "more_body": True})
            raise ZeroDivisionError

        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
        app = Edge(begin_then_crash, timeout=5, https=False, content_security_policy="")
        await app(scope, _empty, send)
        assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]

    async def test_a_database_that_went_away_is_503(
        self, api: httpx.AsyncClient, ada: Person, settings: Settings, postgres: PostgresEndpoint
    ) -> None:
        """With the time to wait: it is nobody's fault at the other end."""
        drop_database(postgres, settings.database_url.rpartition("/")[2].partition("?")[0])
        answer = await api.get(ME, headers=ada.headers)
        problem(answer, 503, "unavailable")
        assert int(answer.headers["retry-after"]) > 0

    @pytest.mark.parametrize("declared", [b"100", b"6"])
    async def test_a_body_that_ends_early_is_not_taken_for_whole(self, services: Services, declared: bytes) -> None:
        """A client that vanished can look like one that finished."""
        headers = [(b"content-length", declared), (b"content-type", b"application/json")]
        answer = await _ask(create_app(services), LOGIN, headers, b'{"ema')
        assert json.loads(answer)["code"] == "malformed_request"

    @pytest.mark.parametrize("body", [b"4\xe5", b'{"email": 4} {', b"", b"\xff", b'{"email": "\xff"}'])
    async def test_what_is_no_json_is_a_clear_refusal(self, api: httpx.AsyncClient, body: bytes) -> None:
        """Also where its beginning is JSON of a wrong type."""
        answer = await api.post(LOGIN, content=body, headers={"content-type": "application/json"})
        assert answer.status_code in {400, 422}
        assert answer.json()["code"] in {"malformed_request", "validation_failed"}

    @pytest.mark.parametrize("depth", [5_000, 500_000])
    async def test_a_body_of_brackets_is_refused(self, api: httpx.AsyncClient, depth: int) -> None:
        """However deep they are nested."""
        body = b'{"email":' + b"[" * depth + b"]" * depth + b"}"
        answer = await api.post(LOGIN, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in (400, 422)

    async def test_a_token_of_brackets_is_refused(self, api: httpx.AsyncClient) -> None:
        """It is read before its signature can be checked."""
        header = base64.urlsafe_b64encode(b"[" * 100_000).decode().rstrip("=")
        problem(await api.get(ME, headers={"Authorization": f"Bearer {header}.e30.e30"}), 401, "invalid_token")

    async def test_whole_numbers_may_be_written_as_floats(self, ada: Person) -> None:
        """JSON knows one kind of number."""
        body = b'{"title":"Sea","filename":"a.mp4","filesize":1000.0,"filetype":"video/mp4"}'
        headers = {**ada.headers, "Content-Type": "application/json"}
        answer = await ada.client.post("/api/v1/videos/init", content=body, headers=headers)
        assert answer.json()["video"]["filesize"] == 1000

    @pytest.mark.parametrize("key", [b"with space", "schlüssel".encode(), b"", b"x" * 256])
    async def test_a_bad_idempotency_key_is_refused(self, ada: Person, key: bytes) -> None:
        """By name, before anything is done."""
        headers = {b"Idempotency-Key": key, **{k.encode(): v.encode() for k, v in ada.headers.items()}}
        answer = await ada.client.post("/api/v1/videos/init", json={}, headers=headers)
        problem(answer, 422, "invalid_idempotency_key")

    @pytest.mark.parametrize("field", ["title", "filename"])
    async def test_a_line_break_at_the_end_is_one_too(self, ada: Person, field: str) -> None:
        """Python's `$` would overlook it."""
        body = {"title": "Sea", "filename": "a.mp4", "filesize": 1, "filetype": "video/mp4", field: "Sea\n"}
        answer = await ada.post("/api/v1/videos/init", body)
        assert problem(answer, 422, "validation_failed")["errors"][0]["path"] == field


class TestRateLimits:
    async def test_a_refusal_tells_what_is_left(self, services: Services) -> None:
        """A wrong password counts, and its answer says so."""
        services.settings = msgspec.structs.replace(services.settings, rate_limits=True)
        async with client_of(create_app(services)) as client:
            answer = await client.post(LOGIN, json={"email": "nobody@example.org", "password": PASSWORD})
        problem(answer, 401, "invalid_credentials")
        assert (answer.headers["ratelimit-limit"], answer.headers["ratelimit-remaining"]) == ("10", "9")

    @pytest.mark.parametrize(
        ("first", "second", "left"),
        [
            ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "8"),  # one subscriber has all 2⁶⁴ of them
            ("2001:db8:0:1::1", "2001:db8:0:2::1", "9"),
            ("::ffff:192.0.2.1", "192.0.2.1", "8"),  # as a socket for both kinds of address tells it
            ("::ffff:192.0.2.1", "::ffff:192.0.2.2", "9"),
            ("fe80::1%eth0", "fe80::1%eth0", "8"),
            ("192.0.2.1", "192.0.2.2", "9"),
        ],
    )
    async def test_addresses_of_one_client_count_together(
        self, services: Services, first: str, second: str, left: str
    ) -> None:
        """Of IPv6 the first 64 bits."""
        services.settings = msgspec.structs.replace(services.settings, rate_limits=True)
        app = create_app(services)
        for address in (first, second):
            transport = httpx.ASGITransport(app=app, client=(address, 50000))
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost:3000") as client:
                answer = await client.post(LOGIN, json={"email": "nobody@example.org", "password": PASSWORD})
        assert answer.headers["ratelimit-remaining"] == left


@pytest.fixture(scope="module")
def server(
    shared_settings: Settings,
    postgres: PostgresEndpoint,
    template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    """One server with a database of its own."""
    name = f"test_{secrets.token_hex(6)}"
    url = create_database(postgres, name, template=template)
    with serving(msgspec.structs.replace(shared_settings, database_url=url), tmp_path_factory.mktemp("server")) as it:
        yield it
    drop_database(postgres, name)


class TestServer:
    """The process that operators run: its logs, and what only raw bytes can say."""

    def test_logs_are_json_and_hold_no_secret(self, server: Server) -> None:
        """Each request with its id, its user and how long it took; neither passwords nor tokens, whatever happens."""
        account = {"email": "ada@example.org", "password": PASSWORD}
        with httpx.Client(base_url=server.url) as client:
            client.post("/api/v1/auth/register", json={**account, "name": "Ada"})
            tokens = client.post(LOGIN, json=account).json()
            client.cookies.clear()
            bearer = {"Authorization": f"Bearer {tokens['access_token']}", "X-Request-ID": "the-one-we-look-for"}
            client.get(f"{ME}?token={tokens['access_token']}", headers=bearer)
            fresh = client.post("/api/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]}).json()
            client.post("/api/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})  # a replay
            client.post(LOGIN, json={**account, "password": f"{PASSWORD}!"})
            client.post(LOGIN, content=f'{{"password": "{PASSWORD}"'.encode())
        lines = [json.loads(line) for line in server.log_lines()]
        requests = [line for line in lines if line["event"] == "request"]
        seen = next(line for line in requests if line["request_id"] == "the-one-we-look-for")
        assert (seen["path"], seen["status"], seen["operation"]) == (ME, 200, "me")
        assert seen["user_id"] == tokens["user"]["id"]
        assert seen["ms"] > 0
        assert seen["level"] == "info"
        assert seen["timestamp"].endswith("Z")
        everything = server.log.read_text()
        assert any(line["event"] == "refresh_token_replayed" for line in lines)
        for secret in (PASSWORD, tokens["access_token"], tokens["refresh_token"], fresh["refresh_token"]):
            assert secret not in everything

    def test_a_server_that_cannot_start_ends_and_says_why_in_json(
        self, shared_settings: Settings, postgres: PostgresEndpoint
    ) -> None:
        """Every line, those of the HTTP server too: whoever collects logs reads no other."""
        settings = msgspec.structs.replace(shared_settings, host="127.0.0.1", port=free_ports(1)[0])
        environment = {**os.environ, **environment_of(settings)}
        environment["MATINEE_DATABASE_URL"] = postgres.dsn_of("nowhere")
        command = [sys.executable, "-m", "matinee.cli", "serve"]
        ended = subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False)
        assert ended.returncode == 1
        assert ended.stdout == b""
        lines = [json.loads(line) for line in ended.stderr.splitlines()]
        failed = next(line for line in lines if line["event"] == "ASGI lifespan startup failed")
        assert failed["level"] == "error"
        assert failed["logger"] == "_granian"
        assert "InvalidCatalogNameError" in failed["exception"]

    def test_hostile_requests_are_refused_in_good_order(self, server: Server) -> None:
        """None is a 500, none is served a file that it should not see, and the server goes on."""
        hostile = [
            (b"GET /assets/..%2f..%2fapp.py HTTP/1.1", 404),
            (b"GET /assets/%2e%2e/%2e%2e/app.py HTTP/1.1", 404),
            (b"GET /assets/..%5capp.py HTTP/1.1", 404),
            (b"GET /assets/%00 HTTP/1.1", 404),
            (b"GET /assets/ HTTP/1.1", 404),
            (b"GET /assets/. HTTP/1.1", 404),
            (b"GET /assets/.git HTTP/1.1", 404),
            (b"GET /assets/{name} HTTP/1.1", 404),
            (b"GET /assets/" + b"a" * 300 + b" HTTP/1.1", 404),
            (b"GET /api/v1/videos/{video_id} HTTP/1.1", 422),
            (b"GET /playback/{video_id}/{recipe}/{rendition}/{index}.m4s HTTP/1.1", 422),
            (b"GET /assets/a%0d%0aX-Injected:%20yes HTTP/1.1", 404),
            (b"GET //etc/passwd HTTP/1.1", 404),
            (b"GET /api/v1/videos/%ff%fe HTTP/1.1", 422),
            (b"GET /api/v1/videos/%00 HTTP/1.1", 422),
            (b"GET /api/v1/videos?cursor=%00%ff HTTP/1.1", 422),
            (b"GET /api/v1/videos?limit=99999999999999999999999999 HTTP/1.1", 422),
            (b"GET /api/v1/videos?limit=1&limit=0 HTTP/1.1", 422),
            (b"GET /api/v1/videos/" + b"a" * 5000 + b" HTTP/1.1", 422),
            (b"TRACE /health HTTP/1.1", 405),
            (b"BREW /health HTTP/1.1", 405),
            (b"GET /health HTTP/1.1\r\nX-Request-ID: \xff\xfe\xfd\xfc\xff\xff\xff\xff", 200),
            (b"GET /api/v1/auth/me HTTP/1.1\r\nAuthorization: Bearer \xff\xfe", 401),
            (b"GET /api/v1/auth/me HTTP/1.1\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b", 401),
            (b"GET /api/v1/auth/me HTTP/1.1\r\nCookie: \xff=\x01; matinee_refresh", 400),
        ]
        answers = {
            request: _exchange(server, request + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
            for request, _ in hostile
        }
        statuses = {request: int(answer.split(b" ", 2)[1]) for request, answer in answers.items()}
        assert statuses == dict(hostile)
        assert not any(b"x-injected" in answer.lower() for answer in answers.values())

    def test_requests_that_break_http_do_no_harm(self, server: Server) -> None:
        """The server answers 4xx or hangs up, logs no crash, and serves the next."""
        post = b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\n"
        broken = [
            b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 1_000_000 + b"\r\n\r\n",
            b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\nX-Request-ID: a\x00b\r\n\r\n",
            post + b"Content-Length: -1\r\n\r\n{}",
            post + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}",
            post + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            post + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
            post + b"Content-Length: 100\r\n\r\n{",
        ]
        for request in broken:
            answer = _exchange(server, request, half=True)
            assert answer == b"" or answer.split(b" ", 2)[1].startswith(b"4"), request[:80]
        assert httpx.get(f"{server.url}/health").status_code == 200
        assert not any(b"request_failed" in line for line in server.log_lines())


def _check_security_headers(answer: httpx.Response) -> None:
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "strict-origin-when-cross-origin"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert "default-src" in answer.headers["content-security-policy"]
    assert answer.headers["x-request-id"]


def _exchange(server: Server, request: bytes, *, half: bool = False) -> bytes:
    """Sends bytes and returns what comes back until the server hangs up."""
    answer = b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection, contextlib.suppress(OSError):
        connection.sendall(request)
        if half:
            connection.shutdown(socket.SHUT_WR)
        while chunk := connection.recv(65536):
            answer += chunk
    return answer


async def _empty() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _ask(app: ASGIApp, path: str, headers: list[tuple[bytes, bytes]], body: bytes) -> bytes:
    """The body of the answer to a POST whose body is exactly that, whatever its headers say."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": headers,
        "client": ("::1", 1),
    }
    await app(scope, receive, send)
    return b"".join(message.get("body", b"") for message in sent)
