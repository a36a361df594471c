"""Workers that are killed, frozen or asked to stop: nothing is lost, nothing is stuck, the bytes stay the same."""

import signal
from collections.abc import Callable
from uuid import UUID

import psutil
import pytest
from tests.integration.modules.encoding.stage import Stage, WorkerProcess

Film = Callable[[str], bytes]
StartWorker = Callable[..., WorkerProcess]

_DOING = "SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing' AND task_name = %s AND attempts = %s"
_UNTOUCHED = """
SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'encoding.chunk' AND status = 'todo' AND attempts = 0
"""


async def until_doing(stage: Stage, name: str, *, losses: int = 0) -> None:
    """Waits until a job of that name runs, after so many workers that died of it."""

    async def doing() -> bool:
        return int(await stage.value(_DOING, name, losses)) > 0

    await stage.until(doing)


async def make_ready_but_not_complete(stage: Stage, content: bytes) -> UUID:
    """A READY video with its sound, whose two chunks wait."""
    video_id = await stage.complete(content)
    await stage.forget(video_id, chunks=2)
    return video_id


class TestKilled:
    @pytest.mark.parametrize("moments", [(0, 1, 6), pytest.param((0, 1, 3, 6, 9), marks=pytest.mark.soak)])
    async def test_ends_with_the_same_bytes(
        self,
        stage: Stage,
        film: Film,
        reference: dict[str, str],
        worker_process: StartWorker,
        moments: tuple[int, ...],
    ) -> None:
        """Workers are killed before the probe, at the first cell and at later ones; the last one ends it."""
        video_id = await stage.upload(film("film.mkv"))
        for cells in moments:
            process = worker_process(max_attempts=10)
            await (stage.until_cells(video_id, cells) if cells else until_doing(stage, "encoding.ingest"))
            process.kill()
        worker_process(max_attempts=10)
        await stage.until_complete(video_id)
        assert await stage.fingerprints(video_id) == reference

    async def test_an_input_that_kills_its_worker_is_given_up(
        self, stage: Stage, film: Film, worker_process: StartWorker
    ) -> None:
        """After as many dead workers as there are attempts, the video is FAILED and costs no further worker."""
        video_id = await stage.upload(film("film.mkv"))
        for losses in range(2):
            process = worker_process(max_attempts=2)
            await until_doing(stage, "encoding.ingest", losses=losses)
            process.kill()
        worker_process(max_attempts=2)
        await stage.until_status(video_id, "FAILED")
        assert (await stage.failure(video_id))[0] == "encoding_crashed"

    async def test_a_chunk_that_is_given_up_leaves_the_video_playable(
        self, stage: Stage, film: Film, worker_process: StartWorker
    ) -> None:
        """The video stays READY, and says that its encoding has ended."""
        video_id = await make_ready_but_not_complete(stage, film("film.mkv"))
        process = worker_process(max_attempts=1)
        await until_doing(stage, "encoding.chunk")
        process.kill()
        worker_process(max_attempts=1)

        async def given_up() -> bool:
            return (await stage.failure(video_id))[1] is not None

        await stage.until(given_up)
        assert await stage.status(video_id) == "READY"
        assert (await stage.progress(video_id)).state == "failed"


class TestFrozen:
    async def test_a_worker_taken_for_dead_records_nothing(
        self, stage: Stage, film: Film, reference: dict[str, str], worker_process: StartWorker
    ) -> None:
        """Its job is another's by the time it wakes up; it notices, and goes on to work for the next video."""
        video_id = await make_ready_but_not_complete(stage, film("film.mkv"))
        frozen = worker_process()
        await until_doing(stage, "encoding.chunk")
        await stage.until(frozen.encodes)
        frozen.signal(signal.SIGSTOP)
        other = worker_process()
        await stage.until_complete(video_id)
        other.kill()
        frozen.signal(signal.SIGCONT)
        next_video = await stage.upload(film("silent.mp4"))
        await stage.until_complete(next_video)
        assert await stage.fingerprints(video_id) == reference
        assert "job_lost" in frozen.log.read_text()


class TestStopped:
    async def test_lets_its_jobs_finish(self, stage: Stage, film: Film, worker_process: StartWorker) -> None:
        """After SIGTERM what runs is ended in peace, even when that takes longer than a dead worker is waited for."""
        video_id = await make_ready_but_not_complete(stage, film("film.mkv"))
        process = worker_process(worker_grace_seconds=60.0)
        await until_doing(stage, "encoding.chunk")
        process.signal(signal.SIGTERM)
        assert await process.ended() == 0
        assert await stage.value("SELECT count(*) FROM procrastinate_jobs WHERE attempts > 0") == 0
        assert await stage.cells(video_id) > 4

    async def test_a_second_signal_hands_the_jobs_back(
        self, stage: Stage, film: Film, worker_process: StartWorker
    ) -> None:
        """It ends at once; the job waits for the next worker and has lost no attempt."""
        await make_ready_but_not_complete(stage, film("film.mkv"))
        process = worker_process(worker_grace_seconds=60.0)
        # marked as running is not enough: the worker may be stopped before it hears that the job is its own
        await stage.until(process.encodes)
        children = psutil.Process(process.pid).children(recursive=True)
        process.signal(signal.SIGTERM)
        process.signal(signal.SIGINT)
        assert await process.ended() == 0
        assert await stage.value(_UNTOUCHED) == 2
        assert not any(child.is_running() for child in children)
