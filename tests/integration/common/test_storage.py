"""The storage port's promises, against a real S3 server."""

import asyncio
from uuid import uuid4

import httpx
import pytest

from matinee.common.storage.port import NoSuchUploadError, StorageUnavailable
from matinee.common.storage.s3 import S3Storage

PAGE = 1000  # keys or parts that S3 lists at most in one answer


@pytest.fixture
def prefix() -> str:
    """Where the test's objects lie."""
    return f"tests/{uuid4()}/"


class TestDeletePrefix:
    async def test_more_than_a_page_of_objects_goes(self, storage: S3Storage, prefix: str) -> None:
        """And nothing beside the prefix."""
        beside = f"{prefix[:-1]}-other"
        await storage.put(beside, b"x", "text/plain")
        async with asyncio.TaskGroup() as group:
            for lane in range(16):
                group.create_task(put_all(storage, [f"{prefix}{i}" for i in range(lane, PAGE + 2, 16)]))
        assert await storage.delete_prefix(prefix) == PAGE + 2
        assert await storage.delete_prefix(prefix) == 0
        assert await storage.size(beside) == 1

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
    async def test_every_unfinished_upload_of_the_key_goes(self, storage: S3Storage, prefix: str) -> None:
        """Found by the exact key, because some storages list by nothing else; others stay."""
        key, other = f"{prefix}source", f"{prefix}source-2"
        mine = [await storage.begin_upload(key, "video/mp4") for _ in range(2)]
        theirs = await storage.begin_upload(other, "video/mp4")
        assert await storage.abort_uploads(key) == 2
        for upload_id in mine:
            with pytest.raises(NoSuchUploadError):
                await storage.list_parts(key, upload_id)
        assert await storage.list_parts(other, theirs) == []
        assert await storage.abort_uploads(key) == 0
        await storage.abort_upload(other, theirs)


class TestListParts:
    async def test_more_than_a_page_of_parts_is_listed(self, storage: S3Storage, prefix: str) -> None:
        """Every part once, in order, with its size and the ETag that its sender was given."""
        key = f"{prefix}source"
        upload_id = await storage.begin_upload(key, "video/mp4")
        sizes = {number: 1 + number % 7 for number in range(1, PAGE + 3)}
        urls = dict(zip(sizes, await storage.part_urls(key, upload_id, sizes, 600), strict=True))
        etags: dict[int, str] = {}

        async def send(client: httpx.AsyncClient, numbers: range) -> None:
            for number in numbers:
                answer = await client.put(urls[number], content=b"x" * sizes[number])
                etags[number] = answer.headers["etag"].strip('"')

        async with httpx.AsyncClient(timeout=60) as client, asyncio.TaskGroup() as group:
            for lane in range(1, 17):
                group.create_task(send(client, range(lane, PAGE + 3, 16)))
        listed = await storage.list_parts(key, upload_id)
        assert [(part.part_number, part.size, part.etag) for part in listed] == [
            (number, size, etags[number]) for number, size in sizes.items()
        ]
        assert await storage.abort_uploads(key) == 1


async def put_all(storage: S3Storage, keys: list[str]) -> None:
    for key in keys:
        await storage.put(key, b"x", "text/plain")
