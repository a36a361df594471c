"""The command line's client against a server that says what each test has it say."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import click
import msgspec
import pytest
from aiohttp import web

from matinee.cli.client import Client
from matinee.embedded.ports import LOOPBACK
from matinee.modules.uploads.schemas import UploadPlan
from matinee.modules.videos.schemas import Video

VIDEO_ID = UUID(int=7)
Step = Callable[[web.Request], Awaitable[web.StreamResponse]]


def a_video(state: str, percent: int) -> Video:
    """A video whose encoding has come so far."""
    text = {
        "title": "Sea",
        "description": "",
        "language": "und",
        "visibility": "private",
        "status": "READY",
        "filename": "sea.mp4",
        "encryption": "none",
    }
    unknown = dict.fromkeys(
        (
            "duration", "width", "height", "failure", "playback", "ready_at", "published_at", "duplicate_of",
            "imported_from", "import",
        )
    )  # fmt: skip
    moment = "2026-01-01T00:00:00Z"
    encoding = {"state": state, "percent": percent, "seconds_left": None, "waiting_for": None}
    encoding |= {"renditions": [], "notes": []}
    rest = {"filesize": 1, "filetype": "video/mp4", "created_at": moment, "updated_at": moment, "encoding": encoding}
    rest |= {"tags": [], "views": 0}
    owner = {"id": str(UUID(int=8)), "name": "Ada", "handle": None, "avatar": None}
    return msgspec.convert({"id": str(VIDEO_ID), "owner": owner, **text, **unknown, **rest}, Video)


HALF, WHOLE = a_video("running", 50), a_video("complete", 100)


def events(*videos: Video, gone: bool = False) -> Step:
    """A stream that tells these and ends."""

    async def answer(request: web.Request) -> web.StreamResponse:
        text = b"".join(b": still here\n\nevent: video\ndata: " + msgspec.json.encode(v) + b"\n\n" for v in videos)
        text += b"event: gone\ndata: {}\n\n" if gone else b""
        return web.Response(body=text, content_type="text/event-stream")

    return answer


def cut(video: Video) -> Step:
    """A stream whose connection breaks after one event."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"data: " + msgspec.json.encode(video) + b"\n\n")
        assert request.transport is not None
        request.transport.abort()
        return response

    return answer


def refusal(status: int, detail: str) -> Step:
    """A problem, or what a proxy says in its place."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if not detail:
            return web.Response(status=status, text="<html>", content_type="text/html")
        problem = {"type": "/p", "title": "T", "status": status, "code": "c", "detail": detail, "request_id": "r"}
        return web.Response(status=status, body=msgspec.json.encode(problem), content_type="application/problem+json")

    return answer


def addresses(*numbers: int) -> Step:
    """Of these parts of one byte, at this server itself."""

    async def answer(request: web.Request) -> web.StreamResponse:
        parts = [{"part_number": n, "url": str(request.url.with_path(f"/part/{n}")), "size": 1} for n in numbers]
        moment = "2026-01-01T00:00:00Z"
        rest = {"part_size": 1, "part_count": 2, "uploaded": [], "expires_at": moment}
        return web.json_response({"parts": parts, **rest})

    return answer


async def taken(request: web.Request) -> web.StreamResponse:
    """A part that is stored."""
    return web.Response()


class Server:
    """Answers requests by its steps, one after the other."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.tokens: list[str | None] = []
        self.logins = 0

    async def tell(self, request: web.Request) -> web.StreamResponse:
        self.tokens.append(request.headers.get("Authorization"))
        return await self.steps.pop(0)(request)

    async def log_in(self, request: web.Request) -> web.StreamResponse:
        self.logins += 1
        return web.json_response({"access_token": f"token-{self.logins}"})


@pytest.fixture
async def server() -> Server:
    return Server()


@pytest.fixture
async def client(server: Server, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Client]:
    """A client of the server."""
    monkeypatch.setattr("matinee.cli.client._PAUSE", 0.0)
    monkeypatch.setattr("matinee.cli.client._PART_PAUSE", 0.0)
    app = web.Application()
    app.router.add_get(f"/api/v1/videos/{VIDEO_ID}/events", server.tell)
    app.router.add_post(f"/api/v1/videos/complete/{VIDEO_ID}", server.tell)
    app.router.add_get(f"/api/v1/videos/signedurl/{VIDEO_ID}", server.tell)
    app.router.add_put("/part/{number}", server.tell)
    app.router.add_post("/api/v1/auth/login", server.log_in)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, LOOPBACK, 0)
    await site.start()
    async with Client(f"http://{LOOPBACK}:{runner.addresses[0][1]}") as client:
        yield client
    await runner.cleanup()


async def followed(client: Client) -> list[int]:
    """The percents that the client tells of."""
    return [video.encoding.percent async for video in client.follow(HALF) if video.encoding is not None]


class TestFollow:
    async def test_it_ends_with_the_encoding(self, server: Server, client: Client) -> None:
        """Signs of life are no news."""
        server.steps = [events(HALF, WHOLE)]
        assert await followed(client) == [50, 100]

    @pytest.mark.parametrize("first", [events(HALF), cut(HALF)])
    async def test_a_stream_that_ends_early_is_taken_up_again(
        self, server: Server, client: Client, first: Step
    ) -> None:
        """The server restarted, or thought that an hour is enough."""
        server.steps = [first, refusal(503, "Not now."), refusal(502, ""), events(WHOLE)]
        assert await followed(client) == [50, 100]

    async def test_a_refusal_is_told_in_its_own_words(self, server: Server, client: Client) -> None:
        """It would be the same the next time."""
        server.steps = [refusal(404, "There is no such video.")]
        with pytest.raises(click.ClickException, match="There is no such video"):
            await followed(client)

    async def test_a_refusal_of_a_proxy_is_told_by_its_status(self, server: Server, client: Client) -> None:
        """It does not speak our language."""
        server.steps = [refusal(403, "")]
        with pytest.raises(click.ClickException, match="The server answers 403 Forbidden"):
            await followed(client)

    async def test_a_video_that_is_gone_ends_it(self, server: Server, client: Client) -> None:
        """Nothing will come any more."""
        server.steps = [events(HALF, gone=True)]
        with pytest.raises(click.ClickException, match="deleted or hidden"):
            await followed(client)

    async def test_a_server_that_stays_away_is_given_up(
        self, server: Server, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """After a while."""
        monkeypatch.setattr("matinee.cli.client._PATIENCE", 0.05)
        monkeypatch.setattr("matinee.cli.client._PAUSE", 0.02)
        server.steps = [refusal(503, "Not now.")] * 100
        with pytest.raises(click.ClickException, match="does not answer any more"):
            await followed(client)

    async def test_a_token_that_expired_is_renewed(self, server: Server, client: Client) -> None:
        """Encoding a long film takes longer than a token lives."""
        await client.log_in("ada@example.org", "correct horse")
        server.steps = [cut(HALF), refusal(401, "It expired."), events(WHOLE)]
        assert await followed(client) == [50, 100]
        assert server.tokens == ["Bearer token-1", "Bearer token-1", "Bearer token-2"]


class TestCalls:
    async def test_a_token_that_expired_during_the_upload_is_renewed(self, server: Server, client: Client) -> None:
        """So may sending it."""
        await client.log_in("ada@example.org", "correct horse")
        server.steps = [refusal(401, "It expired."), refusal(409, "A part is missing.")]
        with pytest.raises(click.ClickException, match="A part is missing"):
            await client.complete(HALF)
        assert server.tokens == ["Bearer token-1", "Bearer token-2"]

    async def test_an_address_that_expired_is_asked_for_again(
        self, server: Server, client: Client, tmp_path: Path
    ) -> None:
        """Unless the part is stored by then: an earlier attempt arrived, and its answer was lost."""
        file = tmp_path / "film.mp4"
        file.write_bytes(b"ab")
        sizes: list[int] = []
        plan = UploadPlan(part_size=1, part_count=2, url="", expires_at=datetime.now(UTC))
        server.steps = [addresses(2), refusal(403, "Expired."), addresses(2), taken]
        await client.send_parts(HALF, plan, file, sizes.append)
        server.steps = [addresses(1), refusal(403, "Expired."), addresses()]
        await client.send_parts(HALF, plan, file, sizes.append)
        assert (sizes, server.steps) == ([1, 1], [])
