"""FFmpeg's view of an object in S3: a file on the loopback interface, with ranges."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import aiohttp
import pytest

from matinee.common.storage.port import NoSuchObjectError, Storage, StorageUnavailable
from matinee.common.storage.s3 import S3Storage
from matinee.modules.encoding import source_server
from matinee.modules.encoding.block_cache import BLOCK_BYTES
from matinee.modules.encoding.scratch import Scratch
from matinee.modules.encoding.source_server import ServedSource, SourceServer

CONTENT = secrets.token_bytes(3 * BLOCK_BYTES + 1234)


class Counting:
    """The real storage, counting what is read from it; it may be cut off."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.bytes_read = 0
        self.down = False
        self.broken = False

    async def read(self, key: str, start: int, length: int) -> bytes:
        if self.down:
            raise StorageUnavailable
        if self.broken:
            raise ZeroDivisionError
        data = await self._storage.read(key, start, length)
        self.bytes_read += len(data)
        return data

    async def size(self, key: str) -> int:
        return await self._storage.size(key)


@pytest.fixture
async def key(storage: S3Storage) -> str:
    """An object of some blocks."""
    key = f"videos/{uuid4()}/source"
    await storage.put(key, CONTENT, "video/mp4")
    return key


@pytest.fixture
def counting(storage: S3Storage) -> Counting:
    """Where the server reads from."""
    return Counting(storage)


@pytest.fixture
async def server(counting: Counting, tmp_path: Path) -> AsyncIterator[SourceServer]:
    """A running server."""
    server = SourceServer(counting, Scratch(tmp_path), 64 * 1024**2)  # type: ignore[arg-type]  # reads alone
    await server.open()
    yield server
    await server.close()


@pytest.fixture
async def source(server: SourceServer, key: str) -> AsyncIterator[ServedSource]:
    """The object, being served."""
    async with server.serve(key) as source:
        yield source


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """A client such as FFmpeg is."""
    async with aiohttp.ClientSession() as session:
        yield session


class TestGet:
    async def test_the_whole(self, source: ServedSource, http: aiohttp.ClientSession) -> None:
        """Without a range the answer is the object."""
        async with http.get(source.url) as answer:
            assert (answer.status, answer.headers["Accept-Ranges"]) == (200, "bytes")
            assert await answer.read() == CONTENT

    @pytest.mark.parametrize(
        ("asked", "start", "stop"),
        [
            ("bytes=0-", 0, None),
            ("bytes=0-0", 0, 1),
            (f"bytes={BLOCK_BYTES - 5}-{BLOCK_BYTES + 4}", BLOCK_BYTES - 5, BLOCK_BYTES + 5),
            (f"bytes={2 * BLOCK_BYTES}-", 2 * BLOCK_BYTES, None),
            ("bytes=-100", len(CONTENT) - 100, None),
            ("bytes=100-999999999", 100, None),
        ],
    )
    async def test_a_range(
        self, source: ServedSource, http: aiohttp.ClientSession, asked: str, start: int, stop: int | None
    ) -> None:
        """Ranges across blocks, to the end and from the end are answered to the byte."""
        async with http.get(source.url, headers={"Range": asked}) as answer:
            assert answer.status == 206
            assert await answer.read() == CONTENT[start:stop]
            last = (stop or len(CONTENT)) - 1
            assert answer.headers["Content-Range"] == f"bytes {start}-{last}/{len(CONTENT)}"

    async def test_a_range_outside(self, source: ServedSource, http: aiohttp.ClientSession) -> None:
        """Beyond the end there is nothing."""
        async with http.get(source.url, headers={"Range": f"bytes={len(CONTENT)}-"}) as answer:
            assert (answer.status, answer.headers["Content-Range"]) == (416, f"bytes */{len(CONTENT)}")

    async def test_only_what_is_asked_for_is_fetched(
        self, source: ServedSource, http: aiohttp.ClientSession, counting: Counting
    ) -> None:
        """A look at the end does not fetch what lies before it."""
        async with http.get(source.url, headers={"Range": "bytes=-100"}) as answer:
            await answer.read()
        assert counting.bytes_read <= BLOCK_BYTES

    async def test_who_reads_on_gets_one_block_ahead(
        self, source: ServedSource, http: aiohttp.ClientSession, counting: Counting
    ) -> None:
        """Requests that follow one another are one reading, which is fetched a block ahead of; a seek is not."""
        for start in range(0, BLOCK_BYTES + 1, BLOCK_BYTES // 2):
            asked = f"bytes={start}-{start + BLOCK_BYTES // 2 - 1}"
            async with http.get(source.url, headers={"Range": asked}) as answer:
                await answer.read()
        async with http.get(source.url, headers={"Range": f"bytes={2 * BLOCK_BYTES}-{2 * BLOCK_BYTES}"}) as answer:
            await answer.read()
        assert counting.bytes_read == 3 * BLOCK_BYTES

    async def test_a_second_reader_fetches_nothing(
        self, source: ServedSource, http: aiohttp.ClientSession, counting: Counting
    ) -> None:
        """What was read once lies in the scratch space."""
        for _ in range(2):
            async with http.get(source.url) as answer:
                await answer.read()
        assert counting.bytes_read == len(CONTENT)

    async def test_what_readers_have_fetched_serves_the_worker_itself(
        self, source: ServedSource, http: aiohttp.ClientSession, counting: Counting
    ) -> None:
        """It fetches no more than what it asks for, and nothing of what is there."""
        asked = f"bytes=0-{2 * BLOCK_BYTES - 1}"
        async with http.get(source.url, headers={"Range": asked}) as answer:
            await answer.read()
        before = counting.bytes_read
        start, length = BLOCK_BYTES - 7, 20
        assert await source.read(start, length) == CONTENT[start : start + length]
        assert counting.bytes_read == before
        start = len(CONTENT) - 5
        assert await source.read(start, length) == CONTENT[start:]
        assert counting.bytes_read == before + 5

    async def test_an_address_ends_with_its_use(
        self, server: SourceServer, key: str, http: aiohttp.ClientSession
    ) -> None:
        """Addresses cannot be guessed, and those of the past lead nowhere."""
        async with server.serve(key) as source:
            pass
        async with http.get(source.url) as answer:
            assert answer.status == 404


class TestServe:
    async def test_a_missing_object(self, server: SourceServer) -> None:
        """There is nothing to be served."""
        with pytest.raises(NoSuchObjectError):
            async with server.serve("videos/none/source"):
                pass

    async def test_a_reader_cut_off_by_an_outage_is_not_believed(
        self,
        server: SourceServer,
        key: str,
        counting: Counting,
        http: aiohttp.ClientSession,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """The connection breaks, so that the file does not seem to end there, and the outage is what is raised."""
        monkeypatch.setattr(source_server, "PATIENCE_SECONDS", 0.3)
        counting.down = True

        async def read_then_complain() -> None:
            async with server.serve(key) as source:
                async with http.get(source.url) as answer:
                    with pytest.raises(aiohttp.ClientPayloadError):
                        await answer.read()
                raise ValueError("the film is damaged")

        with pytest.raises(StorageUnavailable):
            await read_then_complain()

    async def test_a_reader_cut_off_by_a_fault_of_ours_is_not_believed(
        self, server: SourceServer, key: str, counting: Counting, http: aiohttp.ClientSession
    ) -> None:
        """Whatever goes wrong on the way to the reader, the source is not blamed."""
        counting.broken = True

        async def read() -> None:
            async with server.serve(key) as source, http.get(source.url) as answer:
                with pytest.raises(aiohttp.ClientPayloadError):
                    await answer.read()

        with pytest.raises(StorageUnavailable, match="ZeroDivisionError"):
            await read()
