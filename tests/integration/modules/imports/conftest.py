"""Files that are fetched from servers on loopback by the lane of a worker, with small parts and short pauses."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from aiohttp.abc import AbstractResolver
from tests.integration.conftest import Person
from tests.integration.modules.imports.film_server import FilmServer

from matinee.bootstrap import Services
from matinee.common.config import Settings
from matinee.common.jobs import JobQueue
from matinee.media import keys
from matinee.modules.encoding.runners import EncodingRunners
from matinee.modules.encoding.scratch import Scratch
from matinee.modules.encoding.source_server import SourceServer
from matinee.modules.imports import transfer
from matinee.modules.imports.runner import ImportRunner

PART = 5 * 1024**2  # the storage joins no smaller ones
PATIENCE = 30.0
IMPORT = "/api/v1/videos/import"

Working = Callable[..., AbstractAsyncContextManager[None]]


class Imports:
    """Somebody's imports, and what becomes of them."""

    def __init__(self, services: Services, person: Person) -> None:
        self.services = services
        self.person = person

    async def begin(self, url: str, **fields: Any) -> str:
        """Has a file fetched; returns the video's id."""
        answer = await self.person.post(IMPORT, {"url": url, **fields})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def video(self, video_id: str) -> dict[str, Any]:
        """The video as the API shows it."""
        return dict((await self.person.get(f"/api/v1/videos/{video_id}")).json())

    async def until(self, video_id: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The video as soon as something holds of it."""
        with self.services.notifications.subscribe(video_id) as changed:
            async with asyncio.timeout(PATIENCE):
                while not holds(video := await self.video(video_id)):
                    await changed.wait()
                    changed.clear()
        return video

    async def arrived(self, video_id: str) -> bytes:
        """The file, when it is in the storage."""
        video = await self.until(video_id, lambda video: video["status"] in ("PROCESSING", "FAILED"))
        assert video["status"] == "PROCESSING", video["failure"]
        key = keys.source_key(UUID(video_id))
        size = await self.services.storage.size(key)
        assert video["filesize"] == size
        return await self.services.storage.read(key, 0, size)

    async def failure(self, video_id: str) -> dict[str, str]:
        """Why it could not be had."""
        video = await self.until(video_id, lambda video: video["status"] in ("PROCESSING", "FAILED"))
        assert video["status"] == "FAILED"
        return dict(video["failure"])


@pytest.fixture
def imports(services: Services, ada: Person) -> Imports:
    """Ada's imports."""
    return Imports(services, ada)


@pytest.fixture
async def server() -> AsyncIterator[FilmServer]:
    """A server at 127.0.0.2 with a file of two parts; from there alone files are fetched."""
    async with FilmServer(bytes(range(256)) * (PART // 256 + 1500)) as server:
        yield server


@pytest.fixture
def working(services: Services, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Working:
    """A worker's lane of imports, for the length of a block."""
    monkeypatch.setattr(transfer, "PAUSES", (0.0,) * 8)
    monkeypatch.setattr(transfer, "PART_SIZE", PART)
    monkeypatch.setattr(transfer, "choose_part_size", lambda _: PART)
    monkeypatch.setattr(transfer, "_TELL_SECONDS", 0.0)

    @asynccontextmanager
    async def working(resolver: AbstractResolver | None = None, **changes: Any) -> AsyncIterator[None]:
        changed = msgspec.structs.replace(settings, **{"import_allowed": ("127.0.0.2/32",), **changes})
        database, storage = services.database, services.storage
        queue = JobQueue(database, heartbeat=settings.worker_heartbeat_seconds)
        sources = SourceServer(storage, Scratch(tmp_path), changed.scratch_bytes)
        attend = EncodingRunners(changed, database, storage, queue, sources).attend
        ImportRunner(changed, database, storage, queue, attend, resolver=resolver).register()
        async with queue.running():
            lane = asyncio.create_task(queue.work("imports", slots=2, grace=0.0))
            try:
                yield
            finally:
                lane.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await lane

    return working
