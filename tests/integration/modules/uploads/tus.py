"""A client of tus, and a look at what it has brought."""

import base64
import hashlib
from typing import Any
from uuid import UUID

import httpx
from tests.integration.conftest import Person

from matinee.bootstrap import Services
from matinee.common.database import execute, fetch_value
from matinee.media import keys

UPLOADS = "/api/v1/uploads"
MIB = 1024**2
TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {"Content-Type": "application/offset+octet-stream"}
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
