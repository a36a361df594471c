"""A client of the public API: what any program that uploads a video does."""

import asyncio
import base64
import hashlib
import mimetypes
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, get_args
from urllib.parse import urlsplit

import aiohttp
import click
import msgspec

from matinee.common.http.problems import Problem
from matinee.modules.uploads.schemas import FileType, SignedPart, SignedParts, UploadPlan, UploadStarted
from matinee.modules.videos.events import is_settled
from matinee.modules.videos.schemas import Video

OnDuplicate = Literal["refuse", "share"]

_PARALLEL = 3  # parts in flight; more gain little and cost memory (16 MiB each)
_ATTEMPTS = 5
_PART_PAUSE = 0.2  # seconds before a part is sent again, twice as long each time
_IN_TROUBLE = (429, 500, 502, 503, 504)  # statuses of a server that is away or busy: it may be asked again
_PAUSE = 1.0  # seconds before a stream of events that was cut is asked for again
_PATIENCE = 120.0  # seconds without a stream until the server counts as gone; longer than a restart takes


class Client:
    """Speaks to one server as one user, signed in or by an API key; `async with` opens and closes its connections."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._credentials: tuple[str, dict[str, str]] | None = None  # where tokens are had, and for what
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
        """Signs in; later calls are this user's, for as long as they go on."""
        self._credentials = "login", {"email": email, "password": password}
        await self._fetch_token()

    async def use_key(self, api_key: str) -> None:
        """Later calls are by this key: by the tokens that it is exchanged for, which any server takes."""
        self._credentials = "token", {"api_key": api_key}
        await self._fetch_token()

    async def upload(
        self,
        file: Path,
        title: str,
        visibility: str,
        sent: Callable[[int], None],
        on_duplicate: OnDuplicate | None = None,
    ) -> Video:
        """Uploads a file part by part, in constant memory; `sent` hears of every part's bytes.

        See `init` for `on_duplicate`.
        """
        started = await self.init(file, title, visibility, on_duplicate)
        if started.upload is None:
            return started.video
        await self.send_parts(started.video, started.upload, file, sent)
        return await self.complete(started.video)

    async def import_video(self, address: str, title: str | None, visibility: str) -> Video:
        """Has the server fetch a file."""
        body = {"url": address, "title": title, "visibility": visibility}
        return msgspec.json.decode(await self._call("POST", "videos/import", body), type=Video)

    async def init(
        self, file: Path, title: str, visibility: str, on_duplicate: OnDuplicate | None = None
    ) -> UploadStarted:
        """Announces the file; with `on_duplicate` also what it is, so that it is sent once and verified."""
        body = {
            "title": title,
            "filename": file.name,
            "filesize": await asyncio.to_thread(lambda: file.stat().st_size),
            "filetype": _media_type(file),
            "visibility": visibility,
        }
        if on_duplicate is not None:
            body |= {"sha256": await asyncio.to_thread(_sha256, file), "on_duplicate": on_duplicate}
        return msgspec.json.decode(await self._call("POST", "videos/init", body), type=UploadStarted)

    async def send_parts(self, video: Video, plan: UploadPlan, file: Path, sent: Callable[[int], None]) -> None:
        """Sends every part that is not stored yet."""
        first = 1
        while first <= plan.part_count:
            last = min(first + 99, plan.part_count)
            signed = await self._sign(video, first, last)
            limit = asyncio.Semaphore(_PARALLEL)
            try:
                async with asyncio.TaskGroup() as group:
                    for part in signed.parts:
                        group.create_task(self._put(video, file, part, signed.part_size, limit, sent))
            except ExceptionGroup as failures:
                raise failures.exceptions[0] from None
            first = last + 1

    async def complete(self, video: Video) -> Video:
        """Ends the upload."""
        raw = await self._call("POST", f"videos/complete/{video.id}", {})
        return msgspec.json.decode(raw, type=Video)

    async def follow(self, video: Video) -> AsyncIterator[Video]:
        """The video at each change, until it is encoded or failed; a stream that is cut is taken up again.

        Raises ClickException where it can no longer be seen, and where the server stays away.
        """
        away_since: float | None = None
        while True:
            try:
                async for latest in self._events(video):
                    away_since = None
                    yield latest
                    if is_settled(latest):
                        return
            except (aiohttp.ClientError, TimeoutError) as error:
                away_since = away_since or time.monotonic()
                if time.monotonic() - away_since > _PATIENCE:
                    raise click.ClickException(f"The server does not answer any more: {error}") from error
            await asyncio.sleep(_PAUSE)

    async def _events(self, video: Video) -> AsyncIterator[Video]:
        """What one stream tells. Raises ClientError where the server is away or in trouble."""
        url = f"{self._url}/api/v1/videos/{video.id}/events"
        for attempt in (1, 2):
            async with self._session.get(url, headers=self._headers()) as answer:
                if answer.status == 401 and attempt == 1 and self._credentials is not None:
                    await self._fetch_token()  # the token's quarter of an hour is over
                    continue
                if answer.status in _IN_TROUBLE:
                    answer.raise_for_status()
                if answer.status != 200:
                    await _checked(answer)
                async for line in answer.content:
                    if line.startswith(b"event: gone"):
                        raise click.ClickException("The video can no longer be seen: it was deleted or hidden.")
                    if line.startswith(b"data: "):
                        yield msgspec.json.decode(line[6:], type=Video)
                return

    async def _sign(self, video: Video, first: int, last: int) -> SignedParts:
        """Addresses for those of these parts that are not stored yet."""
        raw = await self._call("GET", f"videos/signedurl/{video.id}?from={first}&to={last}")
        return msgspec.json.decode(raw, type=SignedParts)

    async def _put(
        self,
        video: Video,
        file: Path,
        part: SignedPart,
        part_size: int,
        limit: asyncio.Semaphore,
        sent: Callable[[int], None],
    ) -> None:
        async with limit:
            data = await asyncio.to_thread(_read, file, (part.part_number - 1) * part_size, part.size)
            digest = await asyncio.to_thread(lambda: hashlib.md5(data, usedforsecurity=False).digest())
            headers = {"Content-MD5": base64.b64encode(digest).decode()}  # what arrives as another part is refused
            for attempt in range(1, _ATTEMPTS + 1):
                try:
                    async with self._session.put(part.url, data=data, headers=headers) as answer:
                        answer.raise_for_status()
                except aiohttp.ClientError as error:
                    if attempt == _ATTEMPTS:
                        host = urlsplit(part.url).netloc
                        raise click.ClickException(f"The storage at {host} does not take the file: {error}") from None
                    await asyncio.sleep(_PART_PAUSE * 2**attempt)
                    if isinstance(error, aiohttp.ClientResponseError) and error.status == 403:  # its address expired
                        fresh = await self._sign(video, part.part_number, part.part_number)
                        if not fresh.parts:  # an earlier attempt arrived after all
                            break
                        [part] = fresh.parts
                else:
                    break
            sent(part.size)

    async def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> bytes:
        url = f"{self._url}/api/v1/{path}"
        async with self._session.request(method, url, json=body, headers=self._headers()) as answer:
            if answer.status != 401 or self._credentials is None:
                return await _checked(answer)
        await self._fetch_token()  # an upload may take longer than the token's quarter of an hour
        async with self._session.request(method, url, json=body, headers=self._headers()) as answer:
            return await _checked(answer)

    async def _fetch_token(self) -> None:
        assert self._credentials is not None
        where, body = self._credentials
        async with self._session.post(f"{self._url}/api/v1/auth/{where}", json=body) as answer:
            if answer.status in _IN_TROUBLE:
                answer.raise_for_status()
            self._token = msgspec.json.decode(await _checked(answer))["access_token"]

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}


async def _checked(answer: aiohttp.ClientResponse) -> bytes:
    """The answer's body; raises ClickException with the problem's sentence."""
    raw = await answer.read()
    if answer.status < 400:
        return raw
    try:
        sentence = msgspec.json.decode(raw, type=Problem).detail
    except msgspec.MsgspecError:  # not from Matinee: from a proxy before it, say
        sentence = f"The server answers {answer.status} {answer.reason}."
    raise click.ClickException(sentence)


def _read(file: Path, start: int, length: int) -> bytes:
    with file.open("rb") as stream:
        stream.seek(start)
        return stream.read(length)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _media_type(file: Path) -> str:
    guess = mimetypes.guess_type(file.name)[0] or ""
    return guess if guess in get_args(FileType) else "application/octet-stream"
