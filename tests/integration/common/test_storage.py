"""The storage port's promises, against a real S3 server."""

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest

from matinee.common.config import Settings
from matinee.common.storage.port import NoSuchUploadError, StorageUnavailable
from matinee.common.storage.s3 import S3Storage


@pytest.fixture(scope="module")
async def paging(shared_settings: Settings) -> AsyncIterator[S3Storage]:
    """The storage in pages of two."""
    storage = S3Storage(shared_settings, page=2)
    await storage.open()
    yield storage
    await storage.close()


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


async def put_all(storage: S3Storage, keys: list[str]) -> None:
    for key in keys:
        await storage.put(key, b"x", "text/plain")
