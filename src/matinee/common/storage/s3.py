"""Object storage over the S3 protocol (AWS, SeaweedFS, MinIO, R2, Ceph), by aiobotocore."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any

import aiohttp
import botocore.exceptions
import msgspec
from aiobotocore.config import AioConfig
from aiobotocore.credentials import AioCredentials
from aiobotocore.session import AioSession, get_session
from botocore.credentials import ReadOnlyCredentials
from yarl import URL

from matinee.common.config import Settings
from matinee.common.secret_file import latest
from matinee.common.storage.port import (
    BucketMissing,
    CorsNotTaken,
    NoSuchObjectError,
    NoSuchUploadError,
    Part,
    StorageUnavailable,
    Stored,
    Unfinished,
    folder_of,
)

_LARGEST_PAGE = 1000  # S3 lists no more at once, and deletes no more
_MISSING = frozenset({"NoSuchKey", "404", "NotFound"})
_STREAM_CHUNK = 256 * 1024  # bytes; larger: more memory a viewer, smaller: more turns of the event loop
_CORS_RULE = "matinee"
_ELSEWHERE = (
    "This storage takes no CORS rules of a bucket over S3. Set them where it is administered (MinIO: "
    "`MINIO_API_CORS_ALLOW_ORIGIN`, for the whole server): GET, HEAD and PUT, all headers, ETag exposed."
)
_NO_CORS = {
    "NotImplemented": _ELSEWHERE,
    "MalformedXML": _ELSEWHERE,  # as older MinIO says it
    "MethodNotAllowed": _ELSEWHERE,
    "AccessDenied": "What we sign in to the storage with may not set the bucket's CORS rules. Grant it "
    "s3:GetBucketCORS and s3:PutBucketCORS, or set them in the provider's console (R2: under the bucket's "
    "settings): GET, HEAD and PUT, all headers, ETag exposed.",
}
_NO_ENCRYPTION = "ServerSideEncryptionConfigurationNotFoundError"
_SEND_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=3, sock_read=60)
_SIGNED_SECONDS = 900
_SIGN_AT_ONCE = 8  # URLs signed (~0.2 ms each) before others get the event loop
_CREDENTIALS_AWAY = "The credentials for the object storage cannot be fetched."
_NO_CREDENTIALS = (
    "MATINEE_S3_ACCESS_KEY_ID is not set, and none of AWS's own places has credentials: its variables and files, "
    "a web identity, the container, the instance."
)


class Described(msgspec.Struct, frozen=True):
    """An object: bytes, ETag without quotes (see `Stored`), media type."""

    size: int
    etag: str
    content_type: str


class S3Storage:
    """The Storage port (see port.py) over one bucket. `open()` first, `close()` last.

    `page`: how many objects, parts or uploads are listed, and objects deleted, in one call.
    """

    def __init__(self, settings: Settings, *, page: int = _LARGEST_PAGE) -> None:
        self._settings = settings
        self._page = page
        self._bucket = settings.s3_bucket
        self._resources = AsyncExitStack()
        self._client: Any = None
        self._signer: Any = None
        self._sender: Any = None

    async def open(self) -> None:
        """Raises StorageUnavailable where nothing gives us credentials; asks nothing else of anybody."""
        public = self._settings.s3_public_endpoint_url or self._settings.s3_endpoint_url
        session = get_session()  # one for both: it reads the description of S3 once, which takes 150 ms
        key_id, secret = self._settings.s3_access_key_id, self._settings.s3_secret_access_key
        if key_id is not None and secret is not None:
            session.register_component("credential_provider", _GivenKey(key_id, secret))
        with _translated():
            self._client = await self._connect(session, self._settings.s3_endpoint_url)
            if await session.get_credentials() is None:
                raise StorageUnavailable(_NO_CREDENTIALS)
            # the host is part of the signature, so addresses are signed for the host that clients will use
            self._signer = await self._connect(session, public)
        self._client.meta.events.register("before-sign.s3.DeleteObjects", _add_md5)
        self._sender = await self._resources.enter_async_context(aiohttp.ClientSession(timeout=_SEND_TIMEOUT))

    async def close(self) -> None:
        await self._resources.aclose()

    async def _connect(self, session: AioSession, endpoint: str | None) -> Any:
        config = AioConfig(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            connect_timeout=3,
            read_timeout=20,
            max_pool_connections=64,
            retries={"mode": "standard", "total_max_attempts": 4},
            # checksum trailers are not understood by every S3; the parts' ETags are checked anyway
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        return await self._resources.enter_async_context(
            session.create_client(
                "s3",
                endpoint_url=endpoint,
                region_name=self._settings.s3_region,
                config=config,
            )
        )

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        with _translated():
            await self._client.put_object(Bucket=self._bucket, Key=key, Body=data, ContentType=content_type)

    async def put_stream(self, key: str, size: int, data: AsyncIterator[bytes]) -> None:
        await self._send("put_object", {"Key": key, "ContentLength": size}, size, data)

    async def _send(self, call: str, params: dict[str, Any], size: int, data: AsyncIterator[bytes]) -> str:
        """By a presigned address: a signature in the headers wants the hash before the body. Returns the ETag."""
        url = await self._signed(self._client, call, {"Bucket": self._bucket, **params}, _SIGNED_SECONDS)
        with _translated():
            headers = {"Content-Length": str(size)}
            async with self._sender.put(URL(url, encoded=True), data=data, headers=headers) as answer:
                if answer.status != 200:
                    refusal = await answer.text()
                    if "NoSuchUpload" in refusal:
                        raise NoSuchUploadError
                    raise StorageUnavailable(f"The object storage refused with status {answer.status}.")
                return str(answer.headers["ETag"].strip('"'))

    async def read(self, key: str, start: int, length: int) -> bytes:
        with _translated():
            window = f"bytes={start}-{start + length - 1}"
            answer = await self._client.get_object(Bucket=self._bucket, Key=key, Range=window)
            async with answer["Body"] as body:
                data: bytes = await body.read()
                return data

    async def size(self, key: str) -> int:
        return (await self.describe(key)).size

    async def describe(self, key: str) -> Described:
        """What is stored under a key; raises NoSuchObjectError."""
        with _translated():
            answer = await self._client.head_object(Bucket=self._bucket, Key=key)
            return Described(int(answer["ContentLength"]), answer["ETag"].strip('"'), answer["ContentType"])

    async def list_objects(self, prefix: str) -> AsyncIterator[Stored]:
        folder: list[Stored] = []
        with _translated():
            async for page in self._pages("list_objects_v2", Prefix=prefix):
                for item in page.get("Contents", []):
                    stored = Stored(item["Key"], item["Size"], item["ETag"].strip('"'), item["LastModified"])
                    if folder and folder_of(folder[0].key) != folder_of(stored.key):
                        for earlier in _in_key_order(folder):
                            yield earlier
                        folder = []
                    folder.append(stored)
        for earlier in _in_key_order(folder):
            yield earlier

    async def list_uploads(self, prefix: str) -> AsyncIterator[Unfinished]:
        with _translated():
            async for page in self._pages("list_multipart_uploads", Prefix=prefix):
                for upload in page.get("Uploads", []):
                    yield Unfinished(upload["Key"], upload["UploadId"], upload["Initiated"])

    async def stream(self, key: str) -> AsyncGenerator[bytes, None]:
        with _translated():
            answer = await self._client.get_object(Bucket=self._bucket, Key=key)
            async with answer["Body"] as body:
                async for chunk in body.iter_chunks(_STREAM_CHUNK):
                    yield chunk

    async def delete_prefix(self, prefix: str, *, keep: str | None = None) -> int:
        deleted = 0
        with _translated():
            async for page in self._pages("list_objects_v2", Prefix=prefix):
                listed = (item["Key"] for item in page.get("Contents", []))
                found = [{"Key": key} for key in listed if keep is None or not key.startswith(keep)]
                if found:
                    await self._delete(found)
                    deleted += len(found)
        return deleted

    async def delete(self, key: str) -> None:
        with _translated():
            await self._delete([{"Key": key}])

    async def _delete(self, found: list[dict[str, str]]) -> None:
        answer = await self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": found, "Quiet": True})
        for fault in answer.get("Errors", []):  # the answer is 200 all the same
            raise StorageUnavailable(f"The object storage did not delete {fault.get('Key')}: {fault.get('Code')}.")

    async def begin_upload(self, key: str, content_type: str) -> str:
        with _translated():
            answer = await self._client.create_multipart_upload(
                Bucket=self._bucket, Key=key, ContentType=content_type
            )
            return str(answer["UploadId"])

    async def part_urls(self, key: str, upload_id: str, sizes: Mapping[int, int], expires: int) -> list[str]:
        urls: list[str] = []
        upload = {"Bucket": self._bucket, "Key": key, "UploadId": upload_id}
        for number, size in sizes.items():
            params = {**upload, "PartNumber": number, "ContentLength": size}
            urls.append(await self._signed(self._signer, "upload_part", params, expires))
            if len(urls) % _SIGN_AT_ONCE == 0:
                await asyncio.sleep(0)
        return urls

    async def put_part(self, key: str, upload_id: str, number: int, size: int, data: AsyncIterator[bytes]) -> str:
        params = {"Key": key, "UploadId": upload_id, "PartNumber": number, "ContentLength": size}
        return await self._send("upload_part", params, size, data)

    async def copy_part(self, key: str, upload_id: str, number: int, source: str, start: int, size: int) -> str:
        with _translated():
            answer = await self._client.upload_part_copy(
                Bucket=self._bucket,
                Key=key,
                UploadId=upload_id,
                PartNumber=number,
                CopySource={"Bucket": self._bucket, "Key": source},
                CopySourceRange=f"bytes={start}-{start + size - 1}",
            )
            return str(answer["CopyPartResult"]["ETag"]).strip('"')

    async def list_parts(self, key: str, upload_id: str) -> list[Part]:
        listed: list[Part] = []
        with _translated():
            async for page in self._pages("list_parts", Key=key, UploadId=upload_id):
                listed += [
                    Part(part["PartNumber"], part["Size"], part["ETag"].strip('"'), part["LastModified"])
                    for part in page.get("Parts", [])
                ]
        return listed

    async def send_part(self, key: str, upload_id: str, number: int, data: bytes) -> Part:
        """Stores a part of an upload. Raises NoSuchUploadError."""
        with _translated():
            answer = await self._client.upload_part(
                Bucket=self._bucket, Key=key, UploadId=upload_id, PartNumber=number, Body=data
            )
            return Part(number, len(data), answer["ETag"].strip('"'), datetime.now(UTC))

    async def complete_upload(self, key: str, upload_id: str, parts: list[Part]) -> None:
        listed = [{"PartNumber": part.part_number, "ETag": f'"{part.etag}"'} for part in parts]
        with _translated():
            await self._client.complete_multipart_upload(
                Bucket=self._bucket, Key=key, UploadId=upload_id, MultipartUpload={"Parts": listed}
            )

    async def abort_upload(self, key: str, upload_id: str) -> None:
        try:
            with _translated():
                await self._client.abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId=upload_id)
        except (NoSuchUploadError, NoSuchObjectError):  # the latter of Swift, where it is completed
            return

    async def abort_uploads(self, key: str) -> int:
        aborted = 0
        async for upload in self.list_uploads(key):
            if upload.key == key:
                await self.abort_upload(key, upload.upload_id)
                aborted += 1
        return aborted

    async def get_url(self, key: str, expires: int, disposition: str | None = None, *, internal: bool = False) -> str:
        signer = self._client if internal else self._signer
        params = {"Bucket": self._bucket, "Key": key}
        if disposition is not None:
            params["ResponseContentDisposition"] = disposition
            params["ResponseContentType"] = "application/octet-stream"
        return await self._signed(signer, "get_object", params, expires)

    async def _signed(self, signer: Any, call: str, params: dict[str, Any], expires: int) -> str:
        with _translated():  # credentials may have to be fetched
            return str(await signer.generate_presigned_url(call, Params=params, ExpiresIn=expires))

    async def check(self) -> None:
        try:
            with _translated():
                await self._client.head_bucket(Bucket=self._bucket)
        except NoSuchObjectError:  # a HEAD has no body that would tell the bucket from an object
            raise BucketMissing from None

    async def prepare(self, origins: list[str]) -> None:
        """Makes the bucket unless it exists, and lets pages of these origins upload to it and play from it."""
        with _translated():
            try:
                await self._client.create_bucket(Bucket=self._bucket)
            except (self._client.exceptions.BucketAlreadyOwnedByYou, self._client.exceptions.BucketAlreadyExists):
                await self._client.head_bucket(Bucket=self._bucket)  # it must be ours to use
        await self.let_in(origins)

    async def let_in(self, origins: list[str]) -> None:
        """Lets pages of these origins upload to the bucket and play from it; rules of others stay.

        Raises CorsNotTaken where that is to be said elsewhere.
        """
        rule = {
            "ID": _CORS_RULE,
            "AllowedOrigins": origins,
            "AllowedMethods": ["GET", "HEAD", "PUT"],
            "AllowedHeaders": ["*"],
            "ExposeHeaders": ["ETag"],
            "MaxAgeSeconds": 3600,
        }
        with _translated():
            try:
                others = [known for known in await self._cors_rules() if known.get("ID") != _CORS_RULE]
                # the first that fits a page holds
                rules = {"CORSRules": [rule, *others]}
                await self._client.put_bucket_cors(Bucket=self._bucket, CORSConfiguration=rules)
            except botocore.exceptions.ClientError as error:
                if (sentence := _NO_CORS.get(error.response.get("Error", {}).get("Code", ""))) is None:
                    raise
                raise CorsNotTaken(sentence) from error

    async def encryption(self) -> str | None:
        """By what the bucket encrypts what comes into it (such as AES256, aws:kms); None: it keeps it as it comes."""
        with _translated():
            try:
                answer = await self._client.get_bucket_encryption(Bucket=self._bucket)
            except botocore.exceptions.ClientError as error:
                if error.response.get("Error", {}).get("Code") != _NO_ENCRYPTION:
                    raise
                return None
        rule = answer["ServerSideEncryptionConfiguration"]["Rules"][0]
        return str(rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"])

    async def encrypt(self) -> None:
        """Has the bucket encrypt what comes into it from now on, by keys of the storage, unless it does already."""
        if await self.encryption() is None:
            rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
            with _translated():
                await self._client.put_bucket_encryption(
                    Bucket=self._bucket, ServerSideEncryptionConfiguration={"Rules": [rule]}
                )

    async def _cors_rules(self) -> list[dict[str, Any]]:
        try:
            answer = await self._client.get_bucket_cors(Bucket=self._bucket)
        except botocore.exceptions.ClientError as error:
            if error.response.get("Error", {}).get("Code") != "NoSuchCORSConfiguration":
                raise
            return []
        rules: list[dict[str, Any]] = answer["CORSRules"]
        return rules

    def _pages(self, call: str, **of: str) -> AsyncIterator[Any]:
        paginator = self._client.get_paginator(call)
        pages: AsyncIterator[Any] = paginator.paginate(
            Bucket=self._bucket, PaginationConfig={"PageSize": self._page}, **of
        )
        return pages


class _GivenKey(AioCredentials):  # type: ignore[misc]  # botocore has no types
    """The access key of the settings, as it is by now, in the place of AWS's own chain of places."""

    async def load_credentials(self) -> AioCredentials:
        return self

    async def get_frozen_credentials(self) -> ReadOnlyCredentials:
        return ReadOnlyCredentials(latest(self.access_key), latest(self.secret_key), None)


def _in_key_order(folder: list[Stored]) -> list[Stored]:
    """SeaweedFS lists `1/x` before `1.m4s`; the folders themselves come in order, their names being of one length."""
    return sorted(folder, key=lambda stored: stored.key)


def _add_md5(request: Any, **_: Any) -> None:
    """The checksum that every S3 takes for DeleteObjects; botocore sends a newer kind, which older ones refuse."""
    digest = hashlib.md5(request.body, usedforsecurity=False).digest()
    request.headers["Content-MD5"] = base64.b64encode(digest).decode()


@contextmanager
def _translated() -> Iterator[None]:
    """Botocore's errors → the port's."""
    try:
        yield
    except botocore.exceptions.ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code == "NoSuchUpload":
            raise NoSuchUploadError from error
        if code in _MISSING:
            raise NoSuchObjectError from error
        if code == "NoSuchBucket":
            raise BucketMissing from error
        raise StorageUnavailable(f"The object storage refused: {code or error}.") from error
    except botocore.exceptions.CredentialRetrievalError as error:
        raise StorageUnavailable(_CREDENTIALS_AWAY) from error
    except RuntimeError as error:
        if "refreshed credentials are still expired" not in str(error):
            raise
        raise StorageUnavailable(_CREDENTIALS_AWAY) from error
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.HTTPClientError, OSError) as error:
        raise StorageUnavailable from error
    except aiohttp.ClientError as error:  # a body that ends early, which aiobotocore passes on as it is
        raise StorageUnavailable from error
