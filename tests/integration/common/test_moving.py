"""Everything goes from one storage to another while both are in use, between two kinds of S3."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest

from matinee.common.storage import move
from matinee.common.storage.move import Move, Pass
from matinee.common.storage.moving import BEGUN, MovingStorage
from matinee.common.storage.port import NoSuchObjectError, StorageUnavailable
from matinee.common.storage.s3 import S3Storage

PART = 5 * 1024**2  # the least that S3 takes for a part that is not the last


@pytest.fixture(params=["to Swift", "to SeaweedFS"])
def both(request: pytest.FixtureRequest, storage: S3Storage, second_storage: S3Storage) -> MovingStorage:
    """Two storages as one."""
    if request.param == "to Swift":
        return MovingStorage(second_storage, storage)
    return MovingStorage(storage, second_storage)


@pytest.fixture
def to_swift(storage: S3Storage, second_storage: S3Storage) -> MovingStorage:
    """The same, one way; the marker of uploads is then not shared with another process of the run."""
    return MovingStorage(second_storage, storage)


@pytest.fixture
async def prefix(storage: S3Storage, second_storage: S3Storage) -> AsyncIterator[str]:
    """Where the test's objects lie."""
    prefix = f"tests/{uuid4()}/"
    yield prefix
    for each in (storage, second_storage):
        await each.delete_prefix(prefix)


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses in outages."""
    monkeypatch.setattr(move, "_PAUSES", (0.0, 0.0, 0.0))


async def run_pass(both: MovingStorage, prefix: str) -> Pass:
    moving = Move(both.former, both.current, prefix, part_size=lambda _: PART)
    return await moving.run_pass(lambda _: None)


async def upload(storage: S3Storage | MovingStorage, key: str, *pieces: bytes) -> None:
    """As a client does."""
    upload_id = await storage.begin_upload(key, "video/mp4")
    sizes = {number: len(piece) for number, piece in enumerate(pieces, 1)}
    async with httpx.AsyncClient() as client:
        for url, piece in zip(await storage.part_urls(key, upload_id, sizes, 600), pieces, strict=True):
            assert (await client.put(url, content=piece)).status_code == 200
    await storage.complete_upload(key, upload_id, await storage.list_parts(key, upload_id))


@contextmanager
def whenever(storage: S3Storage, call: str, then: Callable[[], Awaitable[None]], *, times: int) -> Iterator[None]:
    """The first `times` that the storage is asked to do something, this happens before."""
    left = times

    async def happen(**_: Any) -> None:
        nonlocal left
        if left:
            left -= 1
            await then()

    events = storage._client.meta.events
    events.register(f"before-call.s3.{call}", happen)
    try:
        yield
    finally:
        events.unregister(f"before-call.s3.{call}", happen)


class TestPass:
    async def test_everything_is_copied_once(self, both: MovingStorage, prefix: str) -> None:
        """As it was: content, media type, and the ETag of what came in parts, too."""
        await upload(both.former, f"{prefix}source", b"a" * PART, b"b")
        for i in range(8):
            await both.former.put(f"{prefix}{i}.m4s", b"x" * i, "video/mp4")
        found = await run_pass(both, prefix)
        assert found == Pass(objects=9, copied=9)
        assert not found.is_last
        for name in ("source", "0.m4s", "7.m4s"):
            assert await both.current.describe(prefix + name) == await both.former.describe(prefix + name)
        assert await both.current.read(f"{prefix}source", PART - 1, 2) == b"ab"
        again = await run_pass(both, prefix)
        assert again == Pass(objects=9)
        assert again.is_last

    async def test_two_ways_of_cutting_are_no_difference(self, both: MovingStorage, prefix: str) -> None:
        """Where the ETags say nothing, the contents are compared."""
        await upload(both.former, f"{prefix}source", b"a" * PART, b"b" * PART, b"c")
        moving = Move(both.former, both.current, prefix, part_size=lambda _: 2 * PART)
        assert (await moving.run_pass(lambda _: None)).copied == 1
        assert (await moving.run_pass(lambda _: None)).is_last

    async def test_what_is_otherwise_there_is_copied_again(self, both: MovingStorage, prefix: str) -> None:
        """Of the same size, too."""
        await both.former.put(f"{prefix}0", b"new", "text/plain")
        await both.current.put(f"{prefix}0", b"old", "text/plain")
        assert (await run_pass(both, prefix)).copied == 1
        assert await both.current.read(f"{prefix}0", 0, 3) == b"new"

    async def test_a_burst_of_errors_is_outlasted(self, both: MovingStorage, prefix: str) -> None:
        """And a longer one leaves an object to the next pass, which stops no other."""
        for i in range(4):
            await both.former.put(f"{prefix}{i}", b"x", "text/plain")
        with whenever(both.current, "PutObject", fail, times=3):
            assert await run_pass(both, prefix) == Pass(objects=4, copied=4)
        await both.former.put(f"{prefix}4", b"x", "text/plain")
        with whenever(both.current, "PutObject", fail, times=4):
            assert await run_pass(both, prefix) == Pass(objects=5, failed=1)
        assert await run_pass(both, prefix) == Pass(objects=5, copied=1)

    async def test_a_listing_that_fails_is_an_outage(self, both: MovingStorage, prefix: str) -> None:
        """Nothing counts as copied that was not seen."""
        with (
            whenever(both.former, "ListObjectsV2", fail, times=1),
            pytest.raises(StorageUnavailable),
        ):
            await run_pass(both, prefix)

    async def test_what_is_deleted_while_it_is_copied_stays_deleted(self, both: MovingStorage, prefix: str) -> None:
        """Whoever deletes it finds nothing in the current storage yet."""
        key = f"{prefix}0"
        await both.former.put(key, b"x", "text/plain")
        with whenever(both.current, "PutObject", lambda: both.delete(key), times=1):
            await run_pass(both, prefix)
        for each in (both.former, both.current):
            with pytest.raises(NoSuchObjectError):
                await each.size(key)

    async def test_what_is_written_while_it_is_copied_wins(self, both: MovingStorage, prefix: str) -> None:
        """Though the copy of what was there before is the last to arrive."""
        key = f"{prefix}0"
        await both.former.put(key, b"old", "text/plain")
        with whenever(both.current, "PutObject", lambda: both.put(key, b"new", "text/plain"), times=1):
            await run_pass(both, prefix)
        assert await both.current.read(key, 0, 3) == b"new"

    async def test_parts_of_a_copy_that_was_killed_are_dropped(self, both: MovingStorage, prefix: str) -> None:
        """Nothing of it is paid for for ever."""
        key = f"{prefix}source"
        await upload(both.former, key, b"a" * PART, b"b")
        await both.current.begin_upload(key, "video/mp4")
        await run_pass(both, prefix)
        assert [unfinished async for unfinished in both.current.list_uploads(key)] == []


class TestUse:
    async def test_reading_falls_back(self, both: MovingStorage, prefix: str) -> None:
        """By every way of reading, before the copy and behind it."""
        key = f"{prefix}0"
        await both.former.put(key, b"hello", "text/plain")
        for where in (both.former, both.current):
            assert await both.read(key, 1, 3) == b"ell"
            assert await both.size(key) == 5
            assert b"".join([chunk async for chunk in both.stream(key)]) == b"hello"
            assert (await both.get_url(key, 60)).startswith(cast("str", where._settings.s3_endpoint_url))
            async with httpx.AsyncClient() as client:
                assert (await client.get(await both.get_url(key, 60))).content == b"hello"
            await run_pass(both, prefix)
        with pytest.raises(NoSuchObjectError):
            await both.read(f"{prefix}1", 0, 1)

    async def test_both_have_what_is_written_and_lose_what_is_deleted(self, both: MovingStorage, prefix: str) -> None:
        """So that a process that knows one alone goes on."""
        await both.put(f"{prefix}a/0", b"x", "text/plain")
        await both.put(f"{prefix}b", b"x", "text/plain")
        await both.former.put(f"{prefix}a/1", b"x", "text/plain")
        assert [stored.key async for stored in both.list_objects(prefix)] == [
            f"{prefix}a/0",
            f"{prefix}a/1",
            f"{prefix}b",
        ]
        assert await both.delete_prefix(f"{prefix}a/") == 2
        await both.delete(f"{prefix}b")
        for each in (both.former, both.current):
            assert [stored async for stored in each.list_objects(prefix)] == []

    async def test_uploads_end_where_they_began(self, to_swift: MovingStorage, prefix: str) -> None:
        """In the former storage until the move begins, for not all processes may know of it; then in the current."""
        moving = Move(to_swift.former, to_swift.current, prefix, part_size=lambda _: PART)
        early, late = f"{prefix}early", f"{prefix}late"
        await to_swift.current.delete(BEGUN)  # of another test
        early_id = await to_swift.begin_upload(early, "video/mp4")
        await moving.begin()
        await upload(to_swift, late, b"late")
        (url,) = await to_swift.part_urls(early, early_id, {1: 5}, 600)
        async with httpx.AsyncClient() as client:
            assert (await client.put(url, content=b"early")).status_code == 200
        await to_swift.complete_upload(early, early_id, await to_swift.list_parts(early, early_id))
        assert await to_swift.former.size(early) == 5
        with pytest.raises(NoSuchObjectError):
            await to_swift.former.size(late)
        await run_pass(to_swift, prefix)
        assert await to_swift.current.read(early, 0, 9) == b"early"
        assert await to_swift.current.read(late, 0, 9) == b"late"

    async def test_uploads_of_both_can_be_dropped(self, both: MovingStorage, prefix: str) -> None:
        """One by one, and all of a key."""
        key = f"{prefix}source"
        for each in (both.former, both.current):
            await both.abort_upload(key, await each.begin_upload(key, "video/mp4"))
            await each.begin_upload(key, "video/mp4")
        assert await both.abort_uploads(key) == 2
        assert [unfinished async for unfinished in both.list_uploads(key)] == []


async def fail() -> None:
    raise StorageUnavailable
