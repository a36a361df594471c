"""The real servers, shared by every test of a run, and a fresh database for each test that asks for one."""

import contextlib
import gc
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from subprocess import PIPE

import hypothesis
import msgspec
import pytest
from tests.databases import Databases

from matinee.common.config import Settings
from matinee.common.database import Database
from matinee.common.jobs import JobQueue
from matinee.common.migrations import migrate, migrations_folder
from matinee.common.storage.port import CorsNotTaken
from matinee.common.storage.s3 import S3Storage
from matinee.embedded.databases import ensure_template
from matinee.embedded.postgres import EmbeddedPostgres, PostgresEndpoint
from matinee.embedded.seaweedfs import EmbeddedSeaweedFS, SeaweedEndpoint

# An owner waits for the other processes of the run before it stops a server.
LINGER = 600.0

# The tests say the same of the same code, however fast the machine; chance has its place in `make fuzz`.
hypothesis.settings.register_profile("gate", deadline=None, derandomize=True)
hypothesis.settings.register_profile("fuzz", deadline=None, derandomize=False, max_examples=5000)
hypothesis.settings.load_profile("gate")


def _run_folder(run: str) -> Path:
    return Path(tempfile.gettempdir()) / f"matinee-tests-{run}"


@pytest.fixture(scope="session")
def run_folder(request: pytest.FixtureRequest) -> Path:
    """A folder that all processes of this run share; cleared away when the last of them has ended."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    folder = _run_folder(run or str(os.getpid()))
    folder.mkdir(mode=0o755, exist_ok=True)
    if run is None:
        request.config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    return folder


def pytest_collection_finish() -> None:
    """What is imported and collected by now stays to the end, and is not looked through for garbage again."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure(config: pytest.Config) -> None:
    """The process that started the others outlives them."""
    manager = getattr(config.pluginmanager.getplugin("dsession"), "nodemanager", None)
    if manager is not None:
        shutil.rmtree(_run_folder(manager.testrunuid), ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(run_folder: Path, request: pytest.FixtureRequest) -> PostgresEndpoint:
    """The run's PostgreSQL."""
    folder = run_folder / "postgres"
    folder.mkdir(exist_ok=True)
    server = EmbeddedPostgres(folder, durable=False, linger=LINGER)
    request.config.add_cleanup(server.stop)  # not a teardown: waiting for others would count as the last test's time
    return server.start()


@pytest.fixture(scope="session")
def s3(run_folder: Path, request: pytest.FixtureRequest) -> SeaweedEndpoint:
    """The run's S3 server with one bucket for all tests: keys hold the ids of rows, so they never meet."""
    folder = run_folder / "s3"
    folder.mkdir(exist_ok=True)
    server = EmbeddedSeaweedFS(folder, bucket="matinee-tests", linger=LINGER)
    request.config.add_cleanup(server.stop)
    return server.start()


@pytest.fixture(scope="session")
async def second_s3(shared_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Settings]:
    """The settings with another bucket, on an S3 server of another kind: see `swift_server.py`."""
    folder = tmp_path_factory.mktemp("swift")
    command = [sys.executable, "-m", "tests.swift_server", str(folder)]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True, cwd=Path(__file__).parents[1]) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        yield msgspec.structs.replace(
            shared_settings,
            s3_endpoint_url=url,
            s3_bucket="elsewhere",
            s3_access_key_id="matinee:tests",
            s3_secret_access_key="swift-secret",
        )
        server.stdin.close()


@pytest.fixture(scope="session")
async def second_storage(second_s3: Settings) -> AsyncIterator[S3Storage]:
    """The same, open, with its bucket."""
    storage = S3Storage(second_s3)
    await storage.open()
    with contextlib.suppress(CorsNotTaken):
        await storage.prepare([second_s3.public_url])
    yield storage
    await storage.close()


@pytest.fixture(scope="session")
def template(postgres: PostgresEndpoint) -> str:
    """A database built by the real migrations; its name holds what it was built from."""
    digest = hashlib.sha256()
    for path in sorted(migrations_folder().glob("*")):
        if path.is_file():
            digest.update(path.read_bytes())
    name = f"template_{digest.hexdigest()[:12]}"
    ensure_template(postgres, name, migrate)
    return name


@pytest.fixture(scope="session")
def databases(postgres: PostgresEndpoint, template: str) -> Databases:
    """This process's databases."""
    return Databases(postgres, template)


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A fresh database with the current schema."""
    url = databases.take()
    yield url
    databases.give_back(url)


@pytest.fixture(scope="session")
def shared_settings(s3: SeaweedEndpoint) -> Settings:
    """Settings without a database: what all tests of the run have in common."""
    return Settings(
        host="127.0.0.1",
        port=0,
        public_url="http://localhost:3000",
        database_url="postgresql://nowhere",
        database_pool_size=8,
        s3_endpoint_url=s3.url,
        s3_region=s3.region,
        s3_bucket=s3.bucket,
        s3_access_key_id=s3.access_key,
        s3_secret_access_key=s3.secret_key,
        jwt_keys=("test:" + "k" * 64,),
        secret_key="s" * 43,
        cookie_secure=False,
        rate_limits=False,
        offers="all",  # how fast the machine of the tests is, is no test's matter
        worker_heartbeat_seconds=0.6,
        fill_delay_seconds=0.0,
        worker_stale_seconds=2.0,
        worker_grace_seconds=5.0,
    )


@pytest.fixture
def settings(shared_settings: Settings, database_url: str, tmp_path: Path) -> Settings:
    """Settings for the run's servers and a fresh database."""
    return msgspec.structs.replace(
        shared_settings,
        database_url=database_url,
        scratch_dir=tmp_path / "scratch",
        cell_cache_dir=tmp_path / "cells",
    )


@pytest.fixture(scope="session")
async def storage(shared_settings: Settings) -> AsyncIterator[S3Storage]:
    """The object storage, open: one client for all tests, because making one takes botocore half a second."""
    storage = S3Storage(shared_settings)
    await storage.open()
    yield storage
    await storage.close()


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    """An open pool on the fresh database."""
    database = Database(settings.database_url, size=settings.database_pool_size)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def queue(settings: Settings, database: Database) -> JobQueue:
    """The job queue, without a worker."""
    return JobQueue(
        database,
        max_attempts=settings.max_attempts,
        heartbeat=settings.worker_heartbeat_seconds,
        stale_after=settings.worker_stale_seconds,
    )
