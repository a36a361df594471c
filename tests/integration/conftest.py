"""The application in this process, on the run's real servers."""

import asyncio
import contextlib
import email
import hashlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from email.message import EmailMessage
from email.policy import default
from typing import Any

import httpx
import msgspec
import pytest
from starlette.types import ASGIApp

from matinee.app import create_app
from matinee.bootstrap import Services, open_services
from matinee.common.config import Settings
from matinee.common.database import execute, fetch_one, fetch_value
from matinee.common.jobs import JobRun
from matinee.common.storage.s3 import S3Storage
from matinee.embedded.ports import free_ports
from matinee.modules.auth import passwords

PASSWORD = "correct horse battery"


class Clock:
    """The time of day, moved by hand."""

    def __init__(self) -> None:
        self.offset = 0.0

    def __call__(self) -> float:
        import time

        return time.time() + self.offset


@pytest.fixture
def clock() -> Clock:
    """The application's clock: real time plus `offset` seconds."""
    return Clock()


@pytest.fixture
def password_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that cost next to nothing: each account of a test takes three, 25 ms each in earnest."""
    monkeypatch.setattr(passwords, "MEMORY_KIB", 8)
    monkeypatch.setattr(passwords, "PASSES", 1)


@pytest.fixture
async def services(
    settings: Settings, storage: S3Storage, clock: Clock, password_cost: None
) -> AsyncIterator[Services]:
    """Open services, listening for news."""
    async with open_services(settings, storage=storage, clock=clock) as services:
        listening = asyncio.create_task(services.notifications.listen())
        yield services
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening


@pytest.fixture
async def api(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    """An anonymous client of the application."""
    async with client_of(create_app(services)) as client:
        yield client


def client_of(app: ASGIApp, url: str = "http://localhost:3000") -> httpx.AsyncClient:
    """A client of an application in this process."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app, client=("127.0.0.1", 50000)), base_url=url)


@pytest.fixture
async def cut_off(settings: Settings) -> AsyncIterator[Services]:
    """Services over the same database, of a process that does not reach the storage."""
    nowhere = msgspec.structs.replace(settings, s3_endpoint_url=f"http://127.0.0.1:{free_ports(1)[0]}")
    async with open_services(nowhere) as services:
        yield services


class Person:
    """A registered user with a client that is signed in."""

    def __init__(self, client: httpx.AsyncClient, email: str, tokens: dict[str, Any]) -> None:
        self.client = client
        self.email = email
        self.tokens = tokens
        self.id = tokens["user"]["id"]
        self.headers = {"Authorization": f"Bearer {tokens['access_token']}"}

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self.client.get(path, headers=self.headers, **more)

    async def post(self, path: str, body: object = None, **headers: str) -> httpx.Response:
        json = {} if body is None else body
        return await self.client.post(path, json=json, headers={**self.headers, **headers})

    async def patch(self, path: str, body: object) -> httpx.Response:
        return await self.client.patch(path, json=body, headers=self.headers)

    async def delete(self, path: str) -> httpx.Response:
        return await self.client.delete(path, headers=self.headers)

    async def init(self, **fields: Any) -> dict[str, Any]:
        """Announces a video and returns the answer."""
        answer = await self.post("/api/v1/videos/init", new_video(**fields))
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def upload(self, data: bytes, **fields: Any) -> str:
        """Sends a file's parts to the storage without completing; returns the video's id."""
        started = await self.init(filesize=len(data), **fields)
        video_id = started["video"]["id"]
        signed = (await self.get(f"/api/v1/videos/signedurl/{video_id}")).json()
        async with httpx.AsyncClient() as storage:
            for part in signed["parts"]:
                start = (part["part_number"] - 1) * signed["part_size"]
                answer = await storage.put(part["url"], content=data[start : start + part["size"]])
                assert answer.status_code == 200, answer.text
        return str(video_id)


SignUp = Callable[..., Awaitable[Person]]


@pytest.fixture
def sign_up(api: httpx.AsyncClient, services: Services) -> SignUp:
    """Makes signed-in users: `await sign_up()`, `await sign_up(role="ADMIN")`."""

    async def make(role: str = "USER", name: str = "Ada") -> Person:
        email = f"{secrets.token_hex(6)}@example.org"
        body = {"email": email, "password": PASSWORD, "name": name}
        answer = await api.post("/api/v1/auth/register", json=body)
        assert answer.status_code == 201, answer.text
        if role != "USER":
            async with services.database.connection() as db:
                await execute(db, "UPDATE users SET role = %s WHERE email = %s", (role, email))
        answer = await api.post("/api/v1/auth/login", json={"email": email, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        api.cookies.clear()
        return Person(api, email, answer.json())

    return make


@pytest.fixture
async def ada(sign_up: SignUp) -> Person:
    """A signed-in user."""
    return await sign_up()


@pytest.fixture
async def bob(sign_up: SignUp) -> Person:
    """Another signed-in user."""
    return await sign_up(name="Bob")


def new_video(**fields: Any) -> dict[str, Any]:
    """The body that announces a video."""
    body = {"title": "Sea", "filename": "sea.mp4", "filesize": 1000, "filetype": "video/mp4"}
    return {**body, **fields}


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Checks that an answer is a problem of this kind; returns it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = msgspec.json.decode(answer.content)
    assert body["code"] == code, body
    assert body["status"] == status
    assert body["request_id"] == answer.headers["x-request-id"]
    assert len(body["detail"]) > 10
    return dict(body)


class _Taken(msgspec.Struct):
    id: int
    video_id: str


_TAKE = """
UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s
WHERE id = (SELECT id FROM procrastinate_jobs WHERE task_name = 'videos.delete_objects' AND status = 'todo' LIMIT 1)
RETURNING id, args ->> 'video_id' AS video_id
"""


async def remove_deleted(services: Services) -> list[str]:
    """Does what a worker does with the jobs that remove deleted videos; returns the ids of those."""
    removed = []
    async with services.database.connection() as db:
        worker: int = await fetch_value(db, "INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id")
        while job := await fetch_one(db, _Taken, _TAKE, (worker,)):
            await services.videos.delete_objects(JobRun(job.id, worker, 1), job.video_id)
            await execute(db, "DELETE FROM procrastinate_jobs WHERE id = %s", (job.id,))
            removed.append(job.video_id)
    return removed


_TAKE_LETTER = """
DELETE FROM procrastinate_jobs WHERE id = (SELECT min(id) FROM procrastinate_jobs WHERE task_name = 'mail.send')
RETURNING args ->> 'sealed'
"""


async def letters_sent(services: Services) -> list[EmailMessage]:
    """Does what a worker does with the letters that wait, and reads them; the settings need a `mail_folder`."""
    folder = services.settings.mail_folder
    assert folder is not None
    letters = []
    async with services.database.connection() as db:
        while sealed := await fetch_value(db, _TAKE_LETTER):
            await services.post.deliver(JobRun(1, 1, 1), sealed)
            (path,) = folder.iterdir()
            letter = email.message_from_bytes(path.read_bytes(), policy=default)
            assert isinstance(letter, EmailMessage)
            letters.append(letter)
            path.unlink()
    return letters


def text_of(letter: EmailMessage) -> str:
    """What a letter says."""
    part = letter.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


async def age(services: Services, column: str, hours: int = 1) -> None:
    """As if what happened to every video had happened hours earlier."""
    async with services.database.connection() as db:
        await execute(db, f"UPDATE videos SET {column} = {column} - make_interval(hours => %s)", (hours,))


def sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
