"""Whether a bucket encrypts what it keeps, and how it is told to, against a real S3 server."""

import secrets
from collections.abc import AsyncIterator
from typing import Any

import botocore.exceptions
import msgspec
import pytest
from aiobotocore.client import AioBaseClient

from matinee.cli.doctor import _encryption, _mend_encryption
from matinee.cli.storage import set_up
from matinee.common.config import Settings
from matinee.common.storage.s3 import S3Storage

FILM = secrets.token_bytes(5 * 1024**2 + 1)  # more than the smallest part


@pytest.fixture
def own(shared_settings: Settings) -> Settings:
    """Settings of an installation whose bucket must encrypt."""
    return msgspec.structs.replace(
        shared_settings, s3_bucket=f"kept-{secrets.token_hex(6)}", s3_encryption="required"
    )


@pytest.fixture
async def bucket(own: Settings) -> AsyncIterator[S3Storage]:
    """That bucket, which keeps files as they come."""
    storage = S3Storage(own)
    await storage.open()
    await storage.prepare([own.public_url])
    yield storage
    await storage._client.delete_bucket(Bucket=own.s3_bucket)  # SeaweedFS deletes what is inside, unlike AWS
    await storage.close()


async def test_a_bucket_that_keeps_files_as_they_come_is_a_fault_where_it_must_not(
    bucket: S3Storage, own: Settings
) -> None:
    """Where nothing is asked of it, it is said all the same."""
    fine, _, sentence = await _encryption(own)
    assert not fine
    assert "`matinee doctor --fix`" in sentence
    fine, _, sentence = await _mend_encryption(msgspec.structs.replace(own, s3_encryption="optional"))
    assert fine
    assert "keeps files as they come" in sentence


@pytest.mark.parametrize("tell", [_mend_encryption, set_up])
async def test_it_is_told_to_encrypt_and_everything_is_read_as_before(
    bucket: S3Storage, own: Settings, tell: Any
) -> None:
    """By `doctor --fix` and by `setup-storage`, as often as one likes; ETags stay what they are compared by."""
    await bucket.put("plain", FILM, "video/mp4")
    for _ in range(2):
        await tell(own)
    assert await _encryption(own) == (True, "encryption", "The bucket encrypts what comes into it (AES256).")
    await bucket.put("whole", FILM, "video/mp4")
    upload = await bucket.begin_upload("parts", "video/mp4")
    parts = [await bucket.send_part("parts", upload, number, FILM) for number in (1, 2)]
    await bucket.complete_upload("parts", upload, parts)
    for key in ("whole", "parts"):
        head = await bucket._client.head_object(Bucket=own.s3_bucket, Key=key)
        assert head["ServerSideEncryption"] == "AES256"
    assert (await bucket.describe("whole")).etag == (await bucket.describe("plain")).etag
    across = len(FILM) - 10
    assert await bucket.read("parts", across, 20) == FILM[-10:] + FILM[:10]


async def test_a_storage_that_does_not_encrypt_says_where_it_is_set(
    bucket: S3Storage, own: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As MinIO without keys, or a key without the right."""

    call = AioBaseClient._make_api_call

    async def refuse(client: AioBaseClient, operation: str, params: dict[str, Any]) -> Any:
        if operation == "PutBucketEncryption":
            raise botocore.exceptions.ClientError({"Error": {"Code": "NotImplemented"}}, operation)
        return await call(client, operation, params)

    monkeypatch.setattr(AioBaseClient, "_make_api_call", refuse)
    fine, _, sentence = await _mend_encryption(own)
    assert not fine
    assert "where the storage is administered" in sentence
