"""Servers that go away and disks that are full: work waits and goes on, and no attempt is lost."""

import asyncio
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from tests.integration.modules.encoding.stage import Stage, WorkerProcess
from tests.open_folders import open_folder

from matinee.common.config import Settings
from matinee.common.database import Database
from matinee.common.jobs import JobQueue
from matinee.common.migrations import migrate
from matinee.common.storage.s3 import S3Storage
from matinee.embedded.postgres import EmbeddedPostgres
from matinee.embedded.seaweedfs import EmbeddedSeaweedFS
from matinee.media.probe import Limits
from matinee.modules.encoding import runners

Film = Callable[[str], bytes]

_ATTEMPTS = "SELECT coalesce(max(attempts), 0) FROM procrastinate_jobs"
# The rows of jobs that succeed are deleted: what they lost on the way must be noted when it happens.
_NOTE_LOST_ATTEMPTS = (
    "CREATE TABLE lost_attempts (job bigint)",
    "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS "
    "'BEGIN INSERT INTO lost_attempts VALUES (OLD.id); RETURN NULL; END'",
    "CREATE TRIGGER note AFTER UPDATE ON procrastinate_jobs FOR EACH ROW "
    "WHEN (NEW.attempts > OLD.attempts) EXECUTE FUNCTION note()",
)
# Seconds without the server: longer than the storage's client tries by itself (1 + 2 + 4) and a worker may be silent.
_MEANWHILE = 10.0


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder for a server of our own."""
    with open_folder() as folder:
        yield folder


class TestStorageDown:
    async def test_work_goes_on_when_it_is_back(
        self, settings: Settings, database: Database, film: Film, reference: dict[str, str], folder: Path
    ) -> None:
        """The storage is killed in the middle of an encode; it ends with the same bytes and without a retry."""
        server = EmbeddedSeaweedFS(folder, bucket="films")
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


class Freezable(S3Storage):
    """The real storage, whose answers can be held back, as a network does that loses every packet."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.flowing = asyncio.Event()
        self.looks = 0

    async def size(self, key: str) -> int:
        self.looks += 1
        return await super().size(key)

    async def read(self, key: str, start: int, length: int) -> bytes:
        await self.flowing.wait()
        return await super().read(key, start, length)


class TestStorageFrozen:
    async def test_a_look_that_took_too_long_is_taken_again(
        self, settings: Settings, database: Database, film: Film, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The time that the storage takes to answer is not the file's fault."""
        storage = Freezable(settings)

        def limits(**others: int) -> Limits:
            """A second for the first look alone, which finds the storage frozen."""
            return Limits(**others) if storage.looks > 1 else Limits(**others, probe_seconds=1.0)

        monkeypatch.setattr(runners, "Limits", limits)
        await storage.open()
        stage = Stage(settings, database, storage, JobQueue(database))
        try:
            video_id = await stage.upload(film("silent.mp4"))

            async def is_looked_at_again() -> bool:
                return storage.looks > 1

            async with stage.working():
                await stage.until(is_looked_at_again)
                storage.flowing.set()
                await stage.until_status(video_id, "READY")
                assert await stage.value(_ATTEMPTS) == 0
        finally:
            await storage.close()


class TestDatabaseDown:
    async def test_work_goes_on_when_it_is_back(
        self, settings: Settings, storage: S3Storage, film: Film, reference: dict[str, str], folder: Path
    ) -> None:
        """PostgreSQL is killed in the middle of an encode; the worker finds it again and ends with the same bytes."""
        server = EmbeddedPostgres(folder, durable=False)
        endpoint = await asyncio.to_thread(server.start)
        await asyncio.to_thread(migrate, endpoint.dsn)
        settings = msgspec.structs.replace(settings, database_url=endpoint.dsn)
        database = Database(settings.database_url, size=8)
        await database.open()
        queue = JobQueue(database)
        stage = Stage(settings, database, storage, queue)
        for statement in _NOTE_LOST_ATTEMPTS:
            await stage.execute(statement)
        try:
            video_id = await stage.upload(film("film.mkv"))
            async with stage.working():
                await stage.until_cells(video_id, 2)
                os.kill(endpoint.pid, signal.SIGKILL)
                await asyncio.sleep(_MEANWHILE)  # longer than a worker may be silent
                await asyncio.to_thread(server.start)
                await stage.until_complete(video_id)
                assert await stage.value("SELECT count(*) FROM lost_attempts") == 0
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

    @pytest.mark.soak
    @pytest.mark.parametrize(
        ("room", "trouble"),
        [("size=2m", "scratch_write_failed"), ("size=4k,nr_inodes=1", "scratch_unavailable")],
        ids=["fills up", "has no room for a file"],
    )
    async def test_encodes_beside_a_disk_of_a_few_megabytes(
        self,
        stage: Stage,
        film: Film,
        worker_process: Callable[..., WorkerProcess],
        tmp_path: Path,
        room: str,
        trouble: str,
    ) -> None:
        """The same bytes, no attempt lost, and nothing left behind."""
        _require_namespaces()
        source = film("heavy.mkv")
        assert len(source) > 4 * 1024**2
        video_id = await stage.upload(source)
        async with stage.working():
            await stage.until_complete(video_id)
        expected = await stage.fingerprints(video_id)
        for statement in _NOTE_LOST_ATTEMPTS:
            await stage.execute(statement)
        disk, left = tmp_path / "disk", tmp_path / "left"
        disk.mkdir()
        process = worker_process([*_NAMESPACE, _ON_A_SMALL_DISK, room, str(disk), str(left)], scratch_dir=disk)
        again = await stage.upload(source)
        await stage.until_complete(again)
        assert await stage.fingerprints(again) == expected
        assert await stage.value("SELECT count(*) FROM lost_attempts") == 0
        process.signal(signal.SIGTERM)
        assert await process.ended() == 0, process.log.read_text()
        assert trouble in process.log.read_text()
        assert left.read_text().split() in ([], [".lock"])  # what all workers of a root share
        assert list(disk.iterdir()) == []


_NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c")
# A worker whose disk nobody else sees; when it has ended, what is left there is told.
_ON_A_SMALL_DISK = f"""
mount -t tmpfs -o "$0" matinee-test "$1" || exit 9
trap 'kill -TERM $worker' TERM
{sys.executable} -m matinee.cli worker & worker=$!
wait $worker
wait $worker; code=$?
ls -A "$1" > "$2"
exit $code
"""


def _require_namespaces() -> None:
    """Skips where a process may not have a mount of its own: it takes user namespaces, or root."""
    try:
        tried = subprocess.run(
            [*_NAMESPACE, "mount -t tmpfs none /mnt"], capture_output=True, text=True, check=False, timeout=30
        )
    except FileNotFoundError:
        pytest.skip("`unshare` (util-linux) is not installed.")
    if tried.returncode != 0:
        pytest.skip(f"This machine lets no process have a mount of its own: {tried.stderr.strip()}")
