"""What Matinee asks of object storage. One adapter implements it (`s3.py`); everything stands on these promises."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Protocol

import msgspec

from matinee.common.errors import Unavailable


class NoSuchObjectError(Exception):
    """There is no object under this key."""


class NoSuchUploadError(Exception):
    """The multipart upload does not exist: never begun, completed, or aborted."""


class StorageUnavailable(Unavailable):
    """The object storage does not answer; try again shortly."""

    code = "storage_unavailable"


class BucketMissing(StorageUnavailable):
    """The bucket does not exist; create it by `matinee setup-storage`."""


class CorsNotTaken(StorageUnavailable):
    """The storage takes no CORS rules of a bucket over S3; set them where it is administered."""


class Part(msgspec.Struct, frozen=True):
    """An uploaded part: number from 1, size in bytes, ETag without quotes, when it came by the storage's clock."""

    part_number: int
    size: int
    etag: str
    sent_at: datetime  # in whole seconds


def folder_of(key: str) -> str:
    """What the keys of a video have in common: the first two words of the path, with their slashes."""
    return "".join(f"{word}/" for word in key.split("/", 2)[:2])


class Stored(msgspec.Struct, frozen=True):
    """An object as it is listed: bytes, ETag without quotes, when it was written by the storage's clock.

    The ETag is the MD5 of the bytes or, of what came in parts, that of the parts' MD5s, a dash, and how many they
    were; a storage that encrypts may say something else.
    """

    key: str
    size: int
    etag: str
    written_at: datetime


class Unfinished(msgspec.Struct, frozen=True):
    """A multipart upload that was neither completed nor aborted."""

    key: str
    upload_id: str
    begun_at: datetime


class Storage(Protocol):
    """Objects by key. Every method raises StorageUnavailable where the storage fails after some retries."""

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        """Stores the object whole; when this returns it is readable, when it raises it is absent or as before."""

    async def put_stream(self, key: str, size: int, data: AsyncIterator[bytes]) -> None:
        """The same for exactly `size` bytes as they come, in constant memory. Nothing is tried again."""

    async def read(self, key: str, start: int, length: int) -> bytes:
        """Bytes `start` to `start + length`, fewer at the end; raises NoSuchObjectError."""

    async def size(self, key: str) -> int:
        """Bytes of the object; raises NoSuchObjectError."""

    def list_objects(self, prefix: str) -> AsyncIterator[Stored]:
        """The objects whose key begins with the prefix, in the order of their keys.

        Those of one video (`folder_of`) are in memory at once, and no more.
        """

    def list_uploads(self, prefix: str) -> AsyncIterator[Unfinished]:
        """The unfinished uploads whose key begins with the prefix. MinIO lists none but those of a whole key."""

    def stream(self, key: str) -> AsyncIterator[bytes]:
        """The object in chunks, in constant memory; raises NoSuchObjectError."""

    async def delete_prefix(self, prefix: str, *, keep: str | None = None) -> int:
        """Deletes every object whose key begins with the prefix; returns how many. Repeatable.

        Those whose key begins with `keep` stay.
        """

    async def delete(self, key: str) -> None:
        """Deletes one object; without error where there is none."""

    async def begin_upload(self, key: str, content_type: str) -> str:
        """Begins a multipart upload and returns its id."""

    async def part_urls(self, key: str, upload_id: str, sizes: Mapping[int, int], expires: int) -> list[str]:
        """Presigned PUT addresses of parts, valid for `expires` seconds, as clients reach the storage.

        `sizes` tells the bytes of each by its number; the Content-Length is signed, so no other size is accepted.
        """

    async def put_part(self, key: str, upload_id: str, number: int, size: int, data: AsyncIterator[bytes]) -> str:
        """Stores a part of exactly `size` bytes as they come, in constant memory; returns its ETag without quotes.

        Raises NoSuchUploadError. Nothing is tried again: `data` can be read once.
        """

    async def copy_part(self, key: str, upload_id: str, number: int, source: str, start: int, size: int) -> str:
        """Stores a part out of another object, within the storage; returns its ETag. Raises NoSuchUploadError."""

    async def list_parts(self, key: str, upload_id: str) -> list[Part]:
        """The parts that are stored: the truth about an upload. Raises NoSuchUploadError.

        SeaweedFS lists a part that was sent again once for each time. Swift lists those of a completed upload, too.
        """

    async def complete_upload(self, key: str, upload_id: str, parts: list[Part]) -> None:
        """Joins the parts to the object. Raises NoSuchUploadError.

        Where an earlier call did complete it, it raises the same, or does nothing (Swift).
        """

    async def abort_upload(self, key: str, upload_id: str) -> None:
        """Drops an upload and its parts; without error where it is gone already."""

    async def abort_uploads(self, key: str) -> int:
        """Drops every unfinished upload of a key, whoever began it; returns how many. Repeatable."""

    async def get_url(self, key: str, expires: int, disposition: str | None = None, *, internal: bool = False) -> str:
        """A presigned GET address, valid for `expires` seconds, as clients reach the storage; `internal`: as we do.

        With `disposition`, the Content-Disposition of its answer, it is to be saved: as `application/octet-stream`.
        """

    async def check(self) -> None:
        """Returns where the bucket can be reached; raises StorageUnavailable otherwise."""
