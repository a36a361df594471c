"""Buckets of an embedded S3 server: made on request, never by an upload."""

import contextlib
from collections.abc import Sequence
from typing import Any, Protocol

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

_PROBE = ".matinee/probe"


class Address(Protocol):
    """What it takes to reach an S3 server."""

    @property
    def url(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def access_key(self) -> str: ...
    @property
    def secret_key(self) -> str: ...


class Buckets:
    """A synchronous S3 client for setting a server up. Making one takes some 100 ms; the server need not run."""

    def __init__(self, address: Address) -> None:
        self._s3: Any = botocore.session.Session().create_client(
            "s3",
            endpoint_url=address.url,
            region_name=address.region,
            aws_access_key_id=address.access_key,
            aws_secret_access_key=address.secret_key,
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "path"},
                connect_timeout=2,
                read_timeout=3,  # a request that came too early may never be answered
                retries={"total_max_attempts": 1},  # the caller knows better when to try again
                proxies={},  # the server is on this machine
            ),
        )

    def exists(self, bucket: str) -> bool:
        """Whether the bucket is there; False also when the server does not answer."""
        try:
            self._s3.head_bucket(Bucket=bucket)
        except (BotoCoreError, ClientError):
            return False
        return True

    def make(self, bucket: str, origins: Sequence[str]) -> None:
        """Make the bucket unless it exists, and let web pages of `origins` upload to and play from it by
        presigned URLs. Raises botocore's errors."""
        with contextlib.suppress(self._s3.exceptions.BucketAlreadyOwnedByYou):
            self._s3.create_bucket(Bucket=bucket)
        rule = {
            "AllowedOrigins": list(origins),
            "AllowedMethods": ["GET", "HEAD", "PUT"],
            "AllowedHeaders": ["*"],
            "ExposeHeaders": ["ETag", "Content-Length", "Content-Range", "Accept-Ranges"],
            "MaxAgeSeconds": 3600,
        }
        self._s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})

    def check_writable(self, bucket: str) -> None:
        """Write an object, read it back and remove it. Raises botocore's errors when that fails."""
        self._s3.put_object(Bucket=bucket, Key=_PROBE, Body=b"ready")
        self._s3.get_object(Bucket=bucket, Key=_PROBE)["Body"].read()
        self._s3.delete_object(Bucket=bucket, Key=_PROBE)

    def remove(self, bucket: str) -> None:
        """Remove the bucket with every object in it; does nothing if there is none."""
        with contextlib.suppress(self._s3.exceptions.NoSuchBucket):
            self._s3.delete_bucket(Bucket=bucket)  # SeaweedFS deletes what is inside, unlike AWS

    def close(self) -> None:
        self._s3.close()
