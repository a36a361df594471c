"""Files that cannot be played end FAILED, with a code for programs and a sentence for people."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from tests.integration.media.inputs.case import Case, Failed, Ready
from tests.integration.media.inputs.listed import CASES
from tests.integration.modules.encoding.stage import Stage

from matinee.media import keys

Film = Callable[[str], bytes]

HOSTILE = [case for case in CASES if isinstance(case.outcome, Failed)]
PLAYED = {
    "MP4, its index first",
    "Matroska without cues, as recorders leave it",
    "MPEG-TS",
    "AVI",
    "turned by 90° in its header",
    "MP3 alone",
    "beginning at ten hours",
    "a hole in the middle of MP4",
    "10 hours in half a megabyte",
    "all media zeros",
}
# By the engine alone each is tried in media/test_input_table.py; these are larger work for the same way.
ALSO_PLAYED = {"ProRes 4444 with alpha", "HDR10", "5.1", "several languages"}


async def uploaded(stage: Stage, folder: Path, cases: list[Case]) -> dict[UUID, Case]:
    """Each file as a video whose ingest waits."""
    videos = {}
    for place, case in enumerate(cases):
        path = folder / str(place) / case.file
        path.parent.mkdir()
        await asyncio.to_thread(case.make, path)
        content = await asyncio.to_thread(path.read_bytes)
        videos[await stage.upload(content, "on_demand")] = case
    return videos


@pytest.mark.usefixtures("worker")
class TestEveryKind:
    """What the list says of a file (docs/inputs.md) is what its video becomes."""

    async def test_hostile_files_fail_and_the_worker_lives(self, stage: Stage, film: Film, tmp_path: Path) -> None:
        """Each at its first attempt, with its code and a sentence; a film that comes behind them all plays."""
        videos = await uploaded(stage, tmp_path, HOSTILE)
        last = await stage.upload(film("silent.mp4"))
        for video_id in videos:
            await stage.until_status(video_id, "FAILED")
        codes = {case.title: (await stage.failure(video_id))[0] for video_id, case in videos.items()}
        assert codes == {case.title: case.outcome.code for case in HOSTILE if isinstance(case.outcome, Failed)}
        assert await stage.value("SELECT count(*) FROM videos WHERE failure_detail LIKE '%.'") == len(HOSTILE)
        assert await stage.value("SELECT coalesce(max(attempts), 0) FROM procrastinate_jobs") <= 1
        await stage.until_status(last, "READY")

    @pytest.mark.parametrize("titles", [PLAYED, pytest.param(ALSO_PLAYED, marks=pytest.mark.soak)], ids=len)
    async def test_others_are_played(self, stage: Stage, tmp_path: Path, titles: set[str]) -> None:
        """With the length and the size that the list says."""
        videos = await uploaded(stage, tmp_path, [case for case in CASES if case.title in titles])
        assert len(videos) == len(titles)
        for video_id, case in videos.items():
            await stage.until_status(video_id, "READY")
            plan = await stage.plan(video_id)
            assert isinstance(case.outcome, Ready)
            assert float(plan.grid.duration) == pytest.approx(case.outcome.seconds, abs=0.05), case.title
            assert (plan.video and (plan.video[-1].width, plan.video[-1].height)) == (case.outcome.size or ())
            assert (plan.audio is None) == (case.outcome.beeps is None), case.title


@pytest.mark.usefixtures("worker")
class TestFailed:
    async def test_a_truncated_film(self, stage: Stage, film: Film) -> None:
        """Half a film is told from a whole one."""
        whole = film("indexed.mp4")
        video_id = await stage.upload(whole[: len(whole) // 2])
        await stage.until_status(video_id, "FAILED")
        assert (await stage.failure(video_id))[0] == "source_truncated"

    async def test_a_file_that_is_gone(self, stage: Stage) -> None:
        """A source that somebody removed from the bucket is named as such."""
        video_id = await stage.upload(None)
        await stage.until_status(video_id, "FAILED")
        assert (await stage.failure(video_id))[0] == "source_missing"

    async def test_no_job_is_left(self, stage: Stage) -> None:
        """A failed video costs nothing more."""
        video_id = await stage.upload(b"no film")
        await stage.until_status(video_id, "FAILED")

        async def idle() -> bool:
            return await stage.jobs_left() == 0

        await stage.until(idle)


class TestBombs:
    """A small file that would become a huge one is refused before anything of it is decoded."""

    async def test_too_many_pixels(self, stage: Stage, film: Film) -> None:
        """A picture larger than this server accepts."""
        async with stage.working(max_source_pixels=640 * 360 - 1):
            video_id = await stage.upload(film("silent.mp4"))
            await stage.until_status(video_id, "FAILED")
        assert (await stage.failure(video_id))[0] == "too_many_pixels"

    async def test_too_long(self, stage: Stage, film: Film) -> None:
        """A film longer than this server accepts."""
        async with stage.working(max_source_hours=5 / 3600):
            video_id = await stage.upload(film("silent.mp4"))
            await stage.until_status(video_id, "FAILED")
        assert (await stage.failure(video_id))[0] == "too_long"


@pytest.mark.usefixtures("worker")
class TestDeleted:
    async def test_what_is_stored_after_the_deletion_is_removed(self, stage: Stage, film: Film) -> None:
        """A video that is deleted while it is encoded leaves nothing behind but its file, which goes with its row."""
        video_id = await stage.upload(film("film.mkv"))
        await stage.until_cells(video_id, 1)
        await stage.execute("UPDATE videos SET deleted_at = now() WHERE id = %s", video_id)

        async def idle() -> bool:
            return await stage.jobs_left() == 0

        await stage.until(idle)
        kept = keys.source_prefix(video_id)
        assert await stage.storage.delete_prefix(keys.video_prefix(video_id), keep=kept) == 0
