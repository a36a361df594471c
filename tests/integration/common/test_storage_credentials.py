"""What we sign in to the storage with may change while the process runs."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from aiohttp import web
from tests.integration.common.test_storage import opened

from matinee.common.config import Settings
from matinee.common.secret_file import SecretFile
from matinee.common.storage.port import StorageUnavailable
from matinee.common.storage.s3 import S3Storage
from matinee.embedded.ports import LOOPBACK


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """This machine has no credentials of its own, whoever's it is."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


class Dispenser:
    """Hands out keys for a time, as containers are given them."""

    def __init__(self, key_id: str, secret: str) -> None:
        self.token = ""
        self.key_id = key_id
        self.secret = secret
        self.minutes = 60
        self.asked = 0

    async def hand_out(self, request: web.Request) -> web.Response:
        del request
        self.asked += 1
        until = datetime.now(UTC) + timedelta(minutes=self.minutes)
        key = {"AccessKeyId": self.key_id, "SecretAccessKey": self.secret, "Token": self.token}
        return web.json_response({**key, "Expiration": until.isoformat()})


@pytest.fixture
async def dispenser(shared_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Dispenser]:
    """One whose keys are good for the storage."""
    assert shared_settings.s3_access_key_id is not None
    assert shared_settings.s3_secret_access_key is not None
    dispenser = Dispenser(shared_settings.s3_access_key_id, shared_settings.s3_secret_access_key)
    app = web.Application()
    app.router.add_get("/keys", dispenser.hand_out)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, LOOPBACK, 0)
    await site.start()
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"http://{LOOPBACK}:{runner.addresses[0][1]}/keys")
    yield dispenser
    await runner.cleanup()


@pytest.fixture
def keyless(shared_settings: Settings) -> Settings:
    return msgspec.structs.replace(shared_settings, s3_access_key_id=None, s3_secret_access_key=None)


class TestFile:
    async def test_a_key_is_followed_in_its_file(self, shared_settings: Settings, tmp_path: Path) -> None:
        """By what is asked and what is signed; until it is told, the storage is away."""
        assert shared_settings.s3_secret_access_key is not None
        file = tmp_path / "secret"
        file.write_text("former\n")
        settings = msgspec.structs.replace(shared_settings, s3_secret_access_key=SecretFile.read(file))
        async with opened(S3Storage(settings)) as storage:
            former = await storage.get_url("x", 60)
            with pytest.raises(StorageUnavailable):
                await storage.check()
            file.write_text(shared_settings.s3_secret_access_key)
            await storage.check()
            assert _query(await storage.get_url("x", 60), "Signature") != _query(former, "Signature")


class TestChain:
    async def test_keys_for_a_time_are_fetched_again_before_they_expire(
        self, keyless: Settings, dispenser: Dispenser
    ) -> None:
        """From ten minutes before on at each use, until others are handed out; a token goes into each address."""
        key_id, dispenser.key_id, dispenser.minutes = dispenser.key_id, "former", 9
        async with opened(S3Storage(keyless)) as storage:
            with pytest.raises(StorageUnavailable, match="refused"):
                await storage.check()
            dispenser.token = "of a session"
            [part] = await storage.part_urls("x", "upload", {1: 1}, 60)
            url = await storage.get_url("x", 60)
            assert _query(part, "Security-Token") == _query(url, "Security-Token") == "of a session"
            dispenser.key_id, dispenser.token, dispenser.minutes = key_id, "", 60
            await storage.check()
            asked = dispenser.asked
            await storage.check()
            assert dispenser.asked == asked

    async def test_keys_that_cannot_be_fetched_again_are_an_outage(
        self, keyless: Settings, dispenser: Dispenser
    ) -> None:
        """Also where those that were fetched have expired: it is waited for, and said."""
        dispenser.minutes = 9
        async with opened(S3Storage(keyless)) as storage:
            await storage.check()
            dispenser.minutes = -1
            with pytest.raises(StorageUnavailable, match="credentials"):
                await storage.get_url("x", 60)
            dispenser.minutes = 9
            await storage.check()

    async def test_none_at_all_is_said_at_the_start(self, keyless: Settings) -> None:
        """By the setting that was left out."""
        with pytest.raises(StorageUnavailable, match="MATINEE_S3_ACCESS_KEY_ID is not set"):
            await S3Storage(keyless).open()


def _query(url: str, name: str) -> str:
    """What stands in a presigned address."""
    [value] = parse_qs(urlsplit(url).query)[f"X-Amz-{name}"]
    return value
