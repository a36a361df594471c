"""Whether browsers may use a bucket, and how they are let in, against a real S3 server."""

import secrets
from collections.abc import AsyncIterator
from typing import Any

import botocore.exceptions
import msgspec
import pytest

from matinee.cli.cors import find_refusals
from matinee.cli.doctor import _cors, _mend_cors
from matinee.common.config import Settings
from matinee.common.storage.port import CorsNotTaken
from matinee.common.storage.s3 import S3Storage

OURS, PARTNER = "https://films.example.org", "https://partner.example.org"
ELSEWHERE = {
    "ID": "another-program",
    "AllowedOrigins": ["https://elsewhere.example.org"],
    "AllowedMethods": ["GET"],
    "AllowedHeaders": ["*"],
}


@pytest.fixture
def own(shared_settings: Settings) -> Settings:
    """Settings of an installation with a bucket of its own that does not exist."""
    bucket = f"cors-{secrets.token_hex(6)}"
    return msgspec.structs.replace(shared_settings, s3_bucket=bucket, public_url=OURS, cors_origins=(PARTNER,))


@pytest.fixture
async def bucket(own: Settings) -> AsyncIterator[S3Storage]:
    """That bucket, in which another program has a rule."""
    storage = S3Storage(own)
    await storage.open()
    await storage._client.create_bucket(Bucket=own.s3_bucket)
    await set_rules(storage, own, ELSEWHERE)
    yield storage
    await storage._client.delete_bucket(Bucket=own.s3_bucket)  # SeaweedFS deletes what is inside, unlike AWS
    await storage.close()


async def set_rules(storage: S3Storage, settings: Settings, *rules: dict[str, Any]) -> None:
    await storage._client.put_bucket_cors(Bucket=settings.s3_bucket, CORSConfiguration={"CORSRules": list(rules)})


class TestCors:
    async def test_a_bucket_that_lets_nobody_in_is_a_fault(self, bucket: S3Storage, own: Settings) -> None:
        """Each origin is named, and what it may not do."""
        assert await find_refusals(own) == [
            f"The bucket's CORS rules do not let {origin} PUT." for origin in (OURS, PARTNER)
        ]
        redirecting = msgspec.structs.replace(own, delivery="redirect", cors_origins=())
        assert await find_refusals(redirecting) == [f"The bucket's CORS rules do not let {OURS} PUT, GET, HEAD."]
        fine, _, sentence = await _cors(own)
        assert not fine
        assert "`matinee doctor --fix`" in sentence

    async def test_it_is_mended(self, bucket: S3Storage, own: Settings) -> None:
        """Other programs' rules stay; ours is there once, however often it is set."""
        for _ in range(2):
            assert await _mend_cors(own) == (True, "cors", f"The bucket lets {OURS}, {PARTNER} upload.")
            await bucket.let_in([OURS, PARTNER])
        assert [rule["ID"] for rule in await bucket._cors_rules()] == ["matinee", "another-program"]
        assert await find_refusals(msgspec.structs.replace(own, delivery="redirect")) == []

    async def test_a_page_must_see_the_etag(self, bucket: S3Storage, own: Settings) -> None:
        """A page that cannot read it cannot tell what it has sent."""
        await set_rules(bucket, own, {**ELSEWHERE, "AllowedOrigins": [OURS], "AllowedMethods": ["PUT", "GET"]})
        alone = msgspec.structs.replace(own, cors_origins=())
        assert await find_refusals(alone) == [f"The bucket's CORS rules do not show {OURS} the ETag."]

    @pytest.mark.parametrize(
        ("code", "word"), [("NotImplemented", "MINIO_API_CORS_ALLOW_ORIGIN"), ("AccessDenied", "s3:PutBucketCORS")]
    )
    async def test_a_provider_that_takes_no_rules_is_told(
        self, bucket: S3Storage, monkeypatch: pytest.MonkeyPatch, code: str, word: str
    ) -> None:
        """In a sentence that says where else."""

        async def refuse(**_: object) -> None:
            raise botocore.exceptions.ClientError({"Error": {"Code": code}}, "PutBucketCors")

        monkeypatch.setattr(bucket._client, "put_bucket_cors", refuse)
        with pytest.raises(CorsNotTaken, match=word):
            await bucket.let_in([OURS])
