"""The storage port's promises, against two S3 servers that have nothing in common."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import md5
from typing import cast
from uuid import uuid4

import httpx
import pytest

from matinee.common.config import Settings
from matinee.common.storage.port import NoSuchObjectError, NoSuchUploadError, Part, StorageUnavailable
from matinee.common.storage.s3 import Described, S3Storage

PART = 5 * 1024**2  # the least that S3 takes for a part that is not the last
OTHERS_ID = "0f0e0d0c0b0a09080706050403020100_another-storage"


@pytest.fixture(scope="module", params=["SeaweedFS", "Swift"])
def here(request: pytest.FixtureRequest) -> Settings:
    """The settings of one of them, whose bucket is there."""
    if request.param == "SeaweedFS":
        return cast("Settings", request.getfixturevalue("shared_settings"))
    request.getfixturevalue("second_storage")
    return cast("Settings", request.getfixturevalue("second_s3"))


@pytest.fixture(scope="module")
async def storage(here: Settings) -> AsyncIterator[S3Storage]:
    """The storage."""
    async with opened(S3Storage(here)) as storage:
        yield storage


@pytest.fixture(scope="module")
async def paging(here: Settings) -> AsyncIterator[S3Storage]:
    """The storage in pages of two."""
    async with opened(S3Storage(here, page=2)) as storage:
        yield storage


@pytest.fixture
def prefix() -> str:
    """Where the test's objects lie."""
    return f"tests/{uuid4()}/"


class TestDeletePrefix:
    async def test_every_page_of_objects_goes(self, paging: S3Storage, prefix: str) -> None:
        """And nothing beside the prefix."""
        beside = f"{prefix[:-1]}-other"
        await put_all(paging, [beside, *(f"{prefix}v{i % 2}/{i}" for i in range(7))])
        assert await paging.delete_prefix(prefix) == 7
        assert await paging.delete_prefix(prefix) == 0
        assert await paging.size(beside) == 1

    async def test_odd_names_are_no_obstacle(self, storage: S3Storage, prefix: str) -> None:
        """Whatever XML must escape."""
        await put_all(storage, [f"{prefix}a&b<c>.m4s", f"{prefix}ü 'quoted' \"twice\".m4s"])
        assert await storage.delete_prefix(prefix) == 2
        assert await storage.delete_prefix(prefix) == 0

    async def test_one_object_that_cannot_be_deleted_is_an_outage(self, storage: S3Storage, prefix: str) -> None:
        """The answer is 200 all the same; it names those that stay."""
        await storage.put(f"{prefix}0", b"x", "text/plain")

        def refuse_one(parsed: dict[str, object], **_: object) -> None:
            parsed["Errors"] = [{"Key": f"{prefix}0", "Code": "InternalError", "Message": "Try again."}]

        events = storage._client.meta.events
        events.register("after-call.s3.DeleteObjects", refuse_one)
        try:
            with pytest.raises(StorageUnavailable, match="InternalError"):
                await storage.delete_prefix(prefix)
        finally:
            events.unregister("after-call.s3.DeleteObjects", refuse_one)


class TestAbortUploads:
    async def test_every_unfinished_upload_of_the_key_goes(self, paging: S3Storage, prefix: str) -> None:
        """Found by the exact key, because some storages list by nothing else; others stay."""
        key, other = f"{prefix}source", f"{prefix}source-2"
        mine = [await paging.begin_upload(key, "video/mp4") for _ in range(3)]
        theirs = await paging.begin_upload(other, "video/mp4")
        assert await paging.abort_uploads(key) == 3
        for upload_id in mine:
            with pytest.raises(NoSuchUploadError):
                await paging.list_parts(key, upload_id)
        assert await paging.list_parts(other, theirs) == []
        assert await paging.abort_uploads(key) == 0
        await paging.abort_upload(other, theirs)


class TestListParts:
    async def test_every_page_of_parts_is_listed(self, paging: S3Storage, prefix: str) -> None:
        """Each part once, in order, with its size and the ETag that its sender was given."""
        key = f"{prefix}source"
        upload_id = await paging.begin_upload(key, "video/mp4")
        sizes = {number: 10 - number for number in range(1, 6)}
        urls = dict(zip(sizes, await paging.part_urls(key, upload_id, sizes, 600), strict=True))
        etags: dict[int, str] = {}
        async with httpx.AsyncClient() as client:
            for number in reversed(sizes):
                answer = await client.put(urls[number], content=b"x" * sizes[number])
                etags[number] = answer.headers["etag"].strip('"')
        listed = await paging.list_parts(key, upload_id)
        assert [(part.part_number, part.size, part.etag) for part in listed] == [
            (number, size, etags[number]) for number, size in sizes.items()
        ]


class TestLists:
    async def test_objects_come_page_by_page_in_the_order_of_their_keys(self, paging: S3Storage, prefix: str) -> None:
        """Each once, with its size, and the MD5 of its content as its ETag."""
        names = ["a.m4s", "1.m4s", "10.m4s", "1/x", "init.mp4"]
        await put_all(paging, [prefix + name for name in names])
        listed = [stored async for stored in paging.list_objects(prefix)]
        assert [stored.key for stored in listed] == sorted(prefix + name for name in names)
        assert {(stored.size, stored.etag) for stored in listed} == {(1, md5(b"x").hexdigest())}
        assert abs(datetime.now(UTC) - listed[0].written_at) < timedelta(minutes=1)

    async def test_unfinished_uploads_come_page_by_page(self, paging: S3Storage, prefix: str) -> None:
        """Each with its id."""
        begun = {await paging.begin_upload(f"{prefix}{i}", "video/mp4") for i in range(3)}
        assert {upload.upload_id async for upload in paging.list_uploads(prefix)} == begun
        for i in range(3):
            assert await paging.abort_uploads(f"{prefix}{i}") == 1


class TestUploads:
    async def test_an_upload_becomes_an_object_with_the_etag_of_its_parts(
        self, storage: S3Storage, prefix: str
    ) -> None:
        """The MD5 of the parts' MD5s, and their number: whoever cuts alike gets the same anywhere."""
        key, pieces = f"{prefix}source", [b"a" * PART, b"b"]
        upload_id = await storage.begin_upload(key, "video/mp4")
        parts = [await storage.send_part(key, upload_id, i, piece) for i, piece in enumerate(pieces, 1)]
        await storage.complete_upload(key, upload_id, parts)
        etag = md5(b"".join(md5(piece).digest() for piece in pieces)).hexdigest()
        assert await storage.describe(key) == Described(PART + 1, f"{etag}-2", "video/mp4")
        assert await storage.read(key, PART - 1, 10) == b"ab"
        await storage.abort_upload(key, upload_id)
        assert await storage.size(key) == PART + 1

    async def test_addresses_take_what_was_announced_alone(self, storage: S3Storage, prefix: str) -> None:
        """A part of another size is refused."""
        key = f"{prefix}source"
        upload_id = await storage.begin_upload(key, "video/mp4")
        (url,) = await storage.part_urls(key, upload_id, {1: 3}, 600)
        async with httpx.AsyncClient() as client:
            assert (await client.put(url, content=b"four")).status_code == 403
            assert (await client.put(url, content=b"yes")).status_code == 200
        await storage.abort_upload(key, upload_id)

    async def test_an_upload_that_never_was_is_known_as_such(self, storage: S3Storage, prefix: str) -> None:
        """Also by an id of another storage."""
        key, part = f"{prefix}source", Part(1, 1, "0" * 32, datetime.now(UTC))
        with pytest.raises(NoSuchUploadError):
            await storage.list_parts(key, OTHERS_ID)
        with pytest.raises(NoSuchUploadError):
            await storage.complete_upload(key, OTHERS_ID, [part])
        await storage.abort_upload(key, OTHERS_ID)


class TestReads:
    async def test_an_address_gives_the_object_and_ranges_of_it(self, storage: S3Storage, prefix: str) -> None:
        """To be saved under a name, where that is asked for."""
        await storage.put(f"{prefix}0", b"hello", "text/plain")
        url = await storage.get_url(f"{prefix}0", 60, 'attachment; filename="x"')
        async with httpx.AsyncClient() as client:
            answer = await client.get(url, headers={"Range": "bytes=1-3"})
        assert (answer.status_code, answer.content) == (206, b"ell")
        assert answer.headers["content-disposition"] == 'attachment; filename="x"'

    async def test_what_is_not_there_is_known_as_such(self, storage: S3Storage, prefix: str) -> None:
        """By every way of reading."""
        with pytest.raises(NoSuchObjectError):
            await storage.size(f"{prefix}0")
        with pytest.raises(NoSuchObjectError):
            await storage.read(f"{prefix}0", 0, 1)
        with pytest.raises(NoSuchObjectError):
            await anext(storage.stream(f"{prefix}0"))


@asynccontextmanager
async def opened(storage: S3Storage) -> AsyncIterator[S3Storage]:
    await storage.open()
    yield storage
    await storage.close()


async def put_all(storage: S3Storage, keys: list[str]) -> None:
    for key in keys:
        await storage.put(key, b"x", "text/plain")
