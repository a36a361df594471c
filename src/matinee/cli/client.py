"""A client of the public API: what any program that uploads a video does."""

import asyncio
import mimetypes
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self, get_args

import aiohttp
import click
import msgspec

from matinee.modules.uploads.schemas import FileType, SignedPart, SignedParts, UploadStarted
from matinee.modules.videos.schemas import Video

_PARALLEL = 3  # parts in flight; more gain little and cost memory (16 MiB each)
_ATTEMPTS = 5


class Client:
    """Speaks to one server as one user; `async with` opens and closes its connections."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._token: str | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=60)
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def register(self, email: str, password: str, name: str) -> None:
        """Registers an account, unless it exists."""
        body = {"email": email, "password": password, "name": name}
        async with self._session.post(f"{self._url}/api/v1/auth/register", json=body) as answer:
            if answer.status != 409:
                await _checked(answer)

    async def log_in(self, email: str, password: str) -> None:
        """Signs in; later calls are this user's."""
        answer = await self._call("POST", "auth/login", {"email": email, "password": password})
        self._token = msgspec.json.decode(answer)["access_token"]

    async def upload(self, file: Path, title: str, visibility: str, sent: Callable[[int], None]) -> Video:
        """Uploads a file part by part, in constant memory; `sent` hears of every part's bytes."""
        started = await self.init(file, title, visibility)
        await self.send_parts(started, file, sent)
        return await self.complete(started.video)

    async def init(self, file: Path, title: str, visibility: str) -> UploadStarted:
        """Announces the file."""
        body = {
            "title": title,
            "filename": file.name,
            "filesize": await asyncio.to_thread(lambda: file.stat().st_size),
            "filetype": _media_type(file),
            "visibility": visibility,
        }
        return msgspec.json.decode(await self._call("POST", "videos/init", body), type=UploadStarted)

    async def send_parts(self, started: UploadStarted, file: Path, sent: Callable[[int], None]) -> None:
        """Sends every part that is not stored yet."""
        first = 1
        while first <= started.upload.part_count:
            last = min(first + 99, started.upload.part_count)
            raw = await self._call("GET", f"videos/signedurl/{started.video.id}?from={first}&to={last}")
            signed = msgspec.json.decode(raw, type=SignedParts)
            limit = asyncio.Semaphore(_PARALLEL)
            async with asyncio.TaskGroup() as group:
                for part in signed.parts:
                    group.create_task(self._put(file, part, signed.part_size, limit, sent))
            first = last + 1

    async def complete(self, video: Video) -> Video:
        """Ends the upload."""
        raw = await self._call("POST", f"videos/complete/{video.id}", {})
        return msgspec.json.decode(raw, type=Video)

    async def follow(self, video: Video) -> AsyncIterator[Video]:
        """The video at each change, until it is encoded or failed."""
        url = f"{self._url}/api/v1/videos/{video.id}/events"
        async with self._session.get(url, headers=self._headers()) as answer:
            async for line in answer.content:
                if line.startswith(b"data: ") and line.strip() != b"data: {}":
                    yield msgspec.json.decode(line[6:], type=Video)

    async def _put(
        self, file: Path, part: SignedPart, part_size: int, limit: asyncio.Semaphore, sent: Callable[[int], None]
    ) -> None:
        async with limit:
            data = await asyncio.to_thread(_read, file, (part.part_number - 1) * part_size, part.size)
            for attempt in range(1, _ATTEMPTS + 1):
                try:
                    async with self._session.put(part.url, data=data) as answer:
                        answer.raise_for_status()
                except aiohttp.ClientError:
                    if attempt == _ATTEMPTS:
                        raise
                    await asyncio.sleep(0.2 * 2**attempt)
                else:
                    sent(part.size)
                    return

    async def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> bytes:
        url = f"{self._url}/api/v1/{path}"
        async with self._session.request(method, url, json=body, headers=self._headers()) as answer:
            return await _checked(answer)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}


async def _checked(answer: aiohttp.ClientResponse) -> bytes:
    raw = await answer.read()
    if answer.status >= 400:
        raise click.ClickException(msgspec.json.decode(raw)["detail"])
    return raw


def _read(file: Path, start: int, length: int) -> bytes:
    with file.open("rb") as stream:
        stream.seek(start)
        return stream.read(length)


def _media_type(file: Path) -> str:
    guess = mimetypes.guess_type(file.name)[0] or ""
    return guess if guess in get_args(FileType) else "application/octet-stream"
