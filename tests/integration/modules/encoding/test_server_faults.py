"""Servers that go away and disks that are full: work waits and goes on, and no attempt is lost."""

import asyncio
import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path

import msgspec
from tests.integration.modules.encoding.stage import Stage, WorkerProcess

from matinee.common.config import Settings
from matinee.common.database import Database
from matinee.common.jobs import JobQueue
from matinee.common.migrations import migrate
from matinee.common.storage.s3 import S3Storage
from matinee.embedded.postgres import EmbeddedPostgres
from matinee.embedded.seaweedfs import EmbeddedSeaweedFS

Film = Callable[[str], bytes]

_ATTEMPTS = "SELECT coalesce(max(attempts), 0) FROM procrastinate_jobs"
_MEANWHILE = 20.0  # seconds without the server; the queue's own retries would take 2 + 4


class TestStorageDown:
    async def test_work_goes_on_when_it_is_back(
        self, settings: Settings, database: Database, film: Film, reference: dict[str, str], tmp_path: Path
    ) -> None:
        """The storage is killed in the middle of an encode; it ends with the same bytes and without a retry."""
        server = EmbeddedSeaweedFS(tmp_path / "s3", bucket="films")
        endpoint = await asyncio.to_thread(server.start)
        settings = msgspec.structs.replace(
            settings,
            s3_endpoint_url=endpoint.url,
            s3_bucket="films",
            s3_access_key_id=endpoint.access_key,
            s3_secret_access_key=endpoint.secret_key,
        )
        storage = S3Storage(settings)
        await storage.open()
        queue = JobQueue(database)
        stage = Stage(settings, database, storage, queue)
        try:
            video_id = await stage.upload(film("film.mkv"))
            async with stage.working():
                await stage.until_cells(video_id, 1)
                os.kill(endpoint.pid, signal.SIGKILL)
                await asyncio.sleep(_MEANWHILE)
                assert await stage.value(_ATTEMPTS) == 0
                await asyncio.to_thread(server.start)
                await stage.until_complete(video_id)
            assert await stage.fingerprints(video_id) == reference
        finally:
            await storage.close()
            await asyncio.to_thread(server.stop)


class TestDatabaseDown:
    async def test_work_goes_on_when_it_is_back(
        self, settings: Settings, storage: S3Storage, film: Film, reference: dict[str, str], tmp_path: Path
    ) -> None:
        """PostgreSQL is killed in the middle of an encode; the worker finds it again and ends with the same bytes."""
        server = EmbeddedPostgres(tmp_path / "postgres", durable=False)
        endpoint = await asyncio.to_thread(server.start)
        await asyncio.to_thread(migrate, endpoint.dsn)
        settings = msgspec.structs.replace(settings, database_url=endpoint.dsn)
        database = Database(settings.database_url, size=8)
        await database.open()
        queue = JobQueue(database)
        stage = Stage(settings, database, storage, queue)
        try:
            video_id = await stage.upload(film("film.mkv"))
            async with stage.working():
                await stage.until_cells(video_id, 2)
                os.kill(endpoint.pid, signal.SIGKILL)
                await asyncio.to_thread(server.start)
                await stage.until_complete(video_id)
            assert await stage.fingerprints(video_id) == reference
        finally:
            await database.close()
            await asyncio.to_thread(server.stop)


class TestScratchFull:
    async def test_encodes_without_scratch_space(
        self, stage: Stage, film: Film, worker_process: Callable[..., WorkerProcess]
    ) -> None:
        """A worker that can write no block to its disk says so and encodes all the same."""
        video_id = await stage.upload(film("film.mkv"))
        process = worker_process()
        # As on a full disk, every write fails: no file may grow beyond what its log needs.
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (100_000, 100_000))
        await stage.until_complete(video_id)
        assert "scratch_write_failed" in process.log.read_text()
