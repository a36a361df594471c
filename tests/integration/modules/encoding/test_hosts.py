"""Hosts that share nothing but PostgreSQL and S3: several fail at once, each in its own way."""

import asyncio
import signal
import sys
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from bench.hosts import HostsUnavailable, Network
from tests.integration.modules.encoding.stage import Stage, WorkerProcess

from matinee.common.config import Settings

Film = Callable[[str], bytes]
StartWorker = Callable[..., WorkerProcess]

SLOW = [sys.executable, "-m", "bench.slow_worker", "1"]  # seconds a cell: so that all are caught at work
_PATIENCE = 120.0  # starting a worker takes a second, or many of a machine that is busy
_BACK = """
SELECT count(DISTINCT w.name) FROM job_workers w JOIN procrastinate_workers p USING (id)
WHERE w.name IN ('cut off', 'frozen') AND w.lane = 'encode' AND p.last_heartbeat > now() - interval '3 s'
"""
_AT_WORK = """
SELECT count(DISTINCT w.name) FROM procrastinate_jobs j JOIN job_workers w ON w.id = j.worker_id
WHERE j.status = 'doing' AND j.task_name = 'encoding.chunk'
"""


@pytest.fixture
def network() -> Iterator[Network]:
    """A network with one host."""
    try:
        network = Network(1)
        network.__enter__()
    except HostsUnavailable as error:
        pytest.skip(str(error))
    yield network
    network.__exit__(None, None, None)


def seen_from(network: Network, settings: Settings) -> dict[str, str]:
    """The settings of a host of the network."""
    database, s3 = urlsplit(settings.database_url), urlsplit(settings.s3_endpoint_url or "")
    account = database.netloc.rpartition("@")[0]
    assert database.port is not None
    assert s3.port is not None
    netloc = f"{account}@{network.address}:{network.offer(database.port)}"
    return {
        "database_url": database._replace(netloc=netloc).geturl(),
        "s3_endpoint_url": f"http://{network.address}:{network.offer(s3.port)}",
    }


@pytest.mark.slow
@pytest.mark.timeout(400)
class TestHostsThatFail:
    @pytest.mark.parametrize("frozen_for", [0.0, pytest.param(60.0, marks=pytest.mark.soak)])
    async def test_one_cut_off_one_killed_and_one_frozen_cost_no_cell_and_change_no_byte(
        self,
        stage: Stage,
        film: Film,
        worker_process: StartWorker,
        network: Network,
        settings: Settings,
        frozen_for: float,
    ) -> None:
        """A fourth one does their work; those that come back spoil nothing, and work for the next video."""
        video_id = await stage.upload(film("three-chunks.mkv"))
        async with stage.working():
            await stage.until_complete(video_id)
        expected = await stage.fingerprints(video_id)
        (host,) = network.hosts
        # long enough that a busy machine takes nobody for dead who is not
        usual = {"worker_slots": 1, "max_attempts": 10, "worker_stale_seconds": 5.0}
        away = seen_from(network, settings)
        worker_process([*host.command, *SLOW], worker_name="cut off", **usual, **away)
        killed = worker_process(SLOW, worker_name="killed", **usual)
        frozen = worker_process(SLOW, worker_name="frozen", **usual)

        async def all_live() -> bool:
            return int(await stage.value("SELECT count(*) FROM job_workers WHERE lane = 'encode'")) >= 3

        async def all_at_work() -> bool:
            return int(await stage.value(_AT_WORK)) == 3

        await stage.until(all_live, _PATIENCE)
        await stage.forget(video_id, chunks=3)
        await stage.until(all_at_work, _PATIENCE)
        host.cut()
        frozen.signal(signal.SIGSTOP)
        wakes_at = time.monotonic() + frozen_for
        killed.kill()
        sound = worker_process(worker_name="sound", **usual)
        await stage.until_complete(video_id, _PATIENCE)
        assert await stage.fingerprints(video_id) == expected
        sound.kill()
        await asyncio.sleep(wakes_at - time.monotonic())
        host.mend()
        frozen.signal(signal.SIGCONT)

        async def both_are_back() -> bool:
            return int(await stage.value(_BACK)) == 2

        await stage.until(both_are_back, _PATIENCE)
        next_video = await stage.upload(film("three-chunks.mkv"))
        await stage.until_complete(next_video, _PATIENCE)
        assert await stage.fingerprints(next_video) == expected
        assert await stage.fingerprints(video_id) == expected
