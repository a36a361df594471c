"""`matinee storage`, as an operator types it, with buckets of its own."""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import click
import msgspec
import psycopg
import pytest
from tests.forks import matinee
from tests.serving import environment_of

from matinee.cli.moving import move
from matinee.common.config import Settings
from matinee.common.storage.move import Move, Pass
from matinee.common.storage.s3 import S3Storage
from matinee.media import keys

_ADD_VIDEO = """
WITH owner AS (INSERT INTO users (email, password_hash, name) VALUES ('ada@example.org', '', 'Ada') RETURNING id)
INSERT INTO videos (id, owner_id, title, filename, filesize, filetype, part_size, status, failure_code, upload_id)
SELECT %s, id, 'Sea', 'sea.mp4', 5, 'video/mp4', 5242880, %s, CASE WHEN %s = 'FAILED' THEN 'broken' END, %s FROM owner
"""
_MANY = 60  # objects; copying takes longer than noticing that it has begun


@pytest.fixture
async def here(settings: Settings) -> AsyncIterator[S3Storage]:
    """An empty bucket of the run's SeaweedFS."""
    async with empty_bucket(settings) as storage:
        yield storage


@pytest.fixture
async def there(settings: Settings) -> AsyncIterator[S3Storage]:
    """Another one; what has to be many objects is quick there."""
    async with empty_bucket(settings) as storage:
        yield storage


@asynccontextmanager
async def empty_bucket(settings: Settings) -> AsyncIterator[S3Storage]:
    own = msgspec.structs.replace(settings, s3_bucket=f"own-{uuid4().hex[:12]}")
    storage = S3Storage(own)
    await storage.open()
    await storage.prepare([settings.public_url])
    yield storage
    await storage.delete_prefix("")
    await storage.close()


@pytest.fixture
def film(database_url: str) -> UUID:
    """A video that failed: of it there is its file, of five bytes, and no more."""
    return add_video(database_url, "FAILED")


def add_video(database_url: str, status: str, upload_id: str | None = None) -> UUID:
    video_id = uuid4()
    with psycopg.connect(database_url) as db:
        db.execute(_ADD_VIDEO, [video_id, status, status, upload_id])
    return video_id


def environment(settings: Settings) -> dict[str, str]:
    return {**os.environ, **environment_of(settings), "COLUMNS": "200"}


async def run(settings: Settings, *words: str) -> subprocess.CompletedProcess[str]:
    """The command's end."""
    return await asyncio.to_thread(matinee, "storage", *words, env=environment(settings))


def moving_from(former: S3Storage, second: Settings) -> Settings:
    """The settings of the move from a bucket to the other server."""
    own = former._settings
    return msgspec.structs.replace(
        second,
        database_url=own.database_url,
        former_s3_endpoint_url=own.s3_endpoint_url,
        former_s3_bucket=own.s3_bucket,
        former_s3_access_key_id=own.s3_access_key_id,
        former_s3_secret_access_key=own.s3_secret_access_key,
    )


class TestMove:
    async def test_a_move_that_was_killed_goes_on(self, here: S3Storage, there: S3Storage, film: UUID) -> None:
        """`kill -9` in its middle; run again it copies the rest, and nothing once more."""
        prefix = keys.video_prefix(film)
        await asyncio.gather(*(here.put(f"{prefix}{i}", os.urandom(100_000), "video/mp4") for i in range(_MANY)))
        settings = moving_from(here, there._settings)
        command = [sys.executable, "-m", "matinee.cli", "storage", "move"]
        with subprocess.Popen(command, env=environment(settings), stdout=subprocess.DEVNULL) as first:
            while not (copied := [stored async for stored in there.list_objects(prefix)]):
                assert first.poll() is None
            first.kill()
        assert len(copied) < _MANY
        copied = [stored async for stored in there.list_objects(prefix)]
        ended = await run(settings, "move")
        assert ended.returncode == 0, ended.stderr
        # what was on its way when it was killed may have arrived since
        assert int(re.findall(r"Pass 1: 60 objects, (\d+) copied, 0 failed", ended.stdout)[0]) <= _MANY - len(copied)
        assert f"Pass 2: {_MANY} objects, 0 copied, 0 failed." in ended.stdout
        assert "Everything is in the current storage" in ended.stdout
        former = {stored.key: stored.etag async for stored in here.list_objects(prefix)}
        assert {stored.key: stored.etag async for stored in there.list_objects(prefix)} == former

    async def test_an_upload_that_goes_on_keeps_it_from_ending(
        self, here: S3Storage, second_s3: Settings, second_storage: S3Storage, database_url: str
    ) -> None:
        """Its parts lie in the former storage until it is complete."""
        video_id = add_video(database_url, "INITIATED")
        upload_id = await here.begin_upload(keys.source_key(video_id), "video/mp4")
        with psycopg.connect(database_url) as db:
            db.execute("UPDATE videos SET status = 'UPLOADING', upload_id = %s", [upload_id])
        ended = await run(moving_from(here, second_s3), "move")
        assert ended.returncode == 1
        assert "1 upload(s) are still under way" in ended.stderr

    async def test_a_move_that_lost_its_place_does_not_say_that_it_is_done(
        self, here: S3Storage, there: S3Storage, film: UUID, database_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """With the connection that holds it another move may begin."""
        await here.put(keys.source_key(film), b"five!", "video/mp4")
        run_pass = Move.run_pass

        async def losing(*args: Any) -> Pass:
            with psycopg.connect(database_url, autocommit=True) as db:
                db.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'matinee-move'"
                )
            return await run_pass(*args)

        monkeypatch.setattr(Move, "run_pass", losing)
        with pytest.raises(click.ClickException, match="database does not answer"):
            await move(moving_from(here, there._settings))

    async def test_where_nothing_is_moved_it_says_what_to_set(self, here: S3Storage) -> None:
        """In a sentence."""
        ended = await run(here._settings, "move")
        assert ended.returncode == 1
        assert "MATINEE_FORMER_S3_BUCKET" in ended.stderr


class TestVerify:
    async def test_tells_what_is_wrong_and_repairs_what_it_can(self, here: S3Storage, film: UUID) -> None:
        """A missing file is told alone; with `--json`, an object a line."""
        await here.put(keys.source_key(film), b"five!", "video/mp4")
        fine = await run(here._settings, "verify", "--deep")
        assert (fine.returncode, fine.stdout) == (0, ""), fine.stderr
        await here.delete(keys.source_key(film))
        await here.put(f"{keys.video_prefix(uuid4())}source", b"who?", "video/mp4")  # too young to be an orphan
        wrong = await run(here._settings, "verify", "--repair", "--yes", "--json")
        assert wrong.returncode == 1
        assert [json.loads(line) for line in wrong.stdout.splitlines()] == [
            {
                "kind": "missing",
                "key": keys.source_key(film),
                "detail": "It is recorded, and not stored.",
                "remedy": None,
                "repaired": False,
            }
        ]
        asked = await run(here._settings, "verify", "--repair")
        assert asked.returncode == 1
        assert "Go on?" in asked.stderr
