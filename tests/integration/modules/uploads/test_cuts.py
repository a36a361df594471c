"""Lines that are cut, and writers that come at once: what was acknowledged is there."""

import asyncio
import contextlib
import hashlib
import os
import random
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from granian.constants import Interfaces
from granian.server.embed import Server
from tests.integration.conftest import problem
from tests.integration.modules.uploads.tus import (
    MIB,
    SMALL_PART,
    Tus,
    cut_small,
    id_of,
    job_of,
    status_of,
    stored,
)
from tests.ports import free_port

from matinee.app import create_app
from matinee.bootstrap import Services
from matinee.common.database import fetch_value
from matinee.common.http.body_stream import BodyStream
from matinee.common.jobs import JobRun
from matinee.common.storage.port import Part
from matinee.modules.uploads import reception
from matinee.modules.uploads.repository import UploadRow

CUTS = 200


@pytest.fixture
async def port(services: Services) -> AsyncIterator[int]:
    """The application behind Granian, in this process: connections that can be cut."""
    port = free_port()
    app = create_app(services)
    server = Server(
        app, address="127.0.0.1", port=port, interface=Interfaces.ASGINL, websockets=False, log_enabled=False
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
