"""Cancel and retry, with real encodes: what exists stays, what is resumed ends with the same bytes."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

from tests.integration.modules.encoding.stage import Stage
from tests.integration.modules.encoding.theatre import Theatre

from matinee.common.http.authentication import Caller
from matinee.modules.jobs.schemas import VideoEncoding
from matinee.modules.jobs.service import JobService
from matinee.modules.videos.service import VideoService

Film = Callable[[str], bytes]

_DOING = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'encoding.chunk' AND status = 'doing'"
_CHUNKS = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'encoding.chunk' AND status IN ('todo', 'doing')"


class Desk:
    """An administrator at the jobs."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        videos = VideoService(stage.database, stage.storage, stage.queue, stage.encoding)
        self._jobs = JobService(
            videos, stage.encoding, stage.imports(), stale_after=stage.settings.worker_stale_seconds
        )
        self._admin = Caller(uuid4(), "ADMIN", uuid4())

    async def look(self, video_id: UUID) -> VideoEncoding:
        async with self._stage.database.connection() as db:
            return await self._jobs.encoding_of(db, self._admin, video_id)

    async def retry(self, video_id: UUID) -> VideoEncoding:
        async with self._stage.database.transaction() as db:
            return await self._jobs.retry(db, self._admin, video_id)

    async def cancel(self, video_id: UUID) -> VideoEncoding:
        async with self._stage.database.transaction() as db:
            return await self._jobs.cancel(db, self._admin, video_id)


class TestCancel:
    async def test_what_runs_ends_with_its_cell_and_a_retry_goes_on(self, stage: Stage, film: Film) -> None:
        """Between them nothing is made."""
        desk = Desk(stage)
        video_id = await stage.upload(film("long.mkv"))
        async with stage.working(worker_slots=1):
            await stage.until_status(video_id, "READY")

            async def filling() -> bool:
                return int(await stage.value(_DOING)) > 0

            await stage.until(filling)
            cancelled = await desk.cancel(video_id)
            assert cancelled.encoding is not None
            assert cancelled.encoding.state == "cancelled"

            async def at_rest() -> bool:
                return await stage.jobs_left() == 0

            await stage.until(at_rest)
            stopped = await stage.progress(video_id)
            assert (stopped.state, stopped.percent < 100) == ("cancelled", True)
            resumed = await desk.retry(video_id)
            assert resumed.encoding is not None
            assert resumed.encoding.state == "running"
            await stage.until_cells(video_id, await stage.cells(video_id) + 2)

    async def test_what_is_watched_is_made_all_the_same(self, stage: Stage, film: Film, theatre: Theatre) -> None:
        """A viewer's cell comes, and the video stays cancelled."""
        desk = Desk(stage)
        video_id = await stage.upload(film("film.mkv"))
        await desk.cancel(video_id)
        async with stage.working():
            await stage.until_status(video_id, "READY")
            assert int(await stage.value(_CHUNKS)) == 0
            missing = (await stage.plan(video_id)).video[-1].name
            await theatre.watch(video_id, missing, 3)
            assert (await stage.progress(video_id)).state == "cancelled"


class TestRetry:
    async def test_a_file_that_came_too_late_is_found_by_it(self, stage: Stage, film: Film) -> None:
        """FAILED, then complete; what failed before is forgotten."""
        desk = Desk(stage)
        video_id = await stage.upload(None)
        async with stage.working():
            await stage.until_status(video_id, "FAILED")
            assert (await stage.failure(video_id))[0] == "source_missing"
            await stage.storage.put(f"videos/{video_id}/source", film("silent.mp4"), "video/mp4")
            assert (await desk.retry(video_id)).status == "PROCESSING"
            await stage.until_complete(video_id)
        assert (await desk.look(video_id)).why is None

    async def test_why_a_run_failed_is_told_until_it_goes_better(
        self, stage: Stage, film: Film, tmp_path: Path
    ) -> None:
        """A worker whose FFmpeg is missing: its name, the error, the next try."""
        desk = Desk(stage)
        video_id = await stage.upload(film("silent.mp4"))
        program = tmp_path / "ffprobe"
        program.write_text("#!/nowhere/interpreter\n")
        program.chmod(0o755)
        async with stage.working(ffprobe_path=program, worker_name="broken", max_attempts=20):

            async def failed_once() -> bool:
                return (await desk.look(video_id)).counts.delayed == 1

            await stage.until(failed_once)
            (job,) = (await desk.look(video_id)).jobs
            assert job.error is not None
            assert (job.state, job.attempts, job.error.worker) == ("delayed", 1, "broken")
            assert job.error.evidence is not None
            assert "Traceback" in job.error.evidence
        async with stage.working():
            await desk.retry(video_id)
            await stage.until_complete(video_id)


class TestNeeds:
    async def test_a_large_film_is_playable_at_once_and_filled_in_by_a_big_worker(
        self, stage: Stage, film: Film
    ) -> None:
        """Until one comes, the video says what it waits for."""
        desk = Desk(stage)
        video_id = await stage.upload(film("film.mkv"))
        large = {"big_source_pixels": 640 * 360}
        async with stage.working(**large):
            await stage.until_status(video_id, "READY")

            async def waits_for_a_big_one() -> bool:
                why = (await desk.look(video_id)).why
                return why is not None and why.code == "no_capable_worker" and "labelled big" in why.detail

            await stage.until(waits_for_a_big_one)
        async with stage.working(**large, worker_labels=("big",)):
            await stage.until_complete(video_id)
