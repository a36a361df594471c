"""From an uploaded file to a video that can be played, and to one that is complete."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace
from tests.integration.modules.encoding.stage import Stage

from matinee.media import keys, trials
from matinee.media.dash import manifest
from matinee.media.hls import master_playlist
from matinee.media.ladder import CRF
from matinee.modules.encoding.jobs import audio_job, chunk_job, fill_job, ingest_job, title_job
from matinee.modules.jobs.service import JobService

Film = Callable[[str], bytes]

_ARE_STORED = """
SELECT count(*) FROM unnest(%s::text[], %s::integer[]) AS wanted (name, cell)
JOIN renditions r USING (name) WHERE r.video_id = %s AND r.stored @> wanted.cell
"""
_SET_MINUTES = "UPDATE users SET quota_minutes = %s WHERE id = (SELECT owner_id FROM videos WHERE id = %s)"
_FILL_WAITS = """
SELECT count(*) FROM procrastinate_jobs
WHERE status = 'todo' AND task_name = 'encoding.fill' AND scheduled_at > now()
"""


@pytest.mark.usefixtures("worker")
class TestIngest:
    async def test_completes_every_rendition(self, stage: Stage, film: Film) -> None:
        """A film turns READY, then every cell of every rendition is stored, and the poster."""
        video_id = await stage.upload(film("film.mkv"))
        await stage.until_status(video_id, "READY")
        await stage.until_complete(video_id)
        encoding = await stage.progress(video_id)
        assert [(r.name, r.cells_stored) for r in encoding.renditions] == [("v240", 4), ("v360", 4), ("audio", 4)]
        assert len(await stage.fingerprints(video_id)) == 12 + 3 + 1

    async def test_records_what_playlists_need(self, stage: Stage, film: Film) -> None:
        """Sizes of cells and of their first keyframes are those of the stored objects."""
        video_id = await stage.complete(film("film.mkv"))
        plan = await stage.plan(video_id)
        key = keys.cell_key(video_id, plan.recipe, "v240", 0)
        sizes = [
            await stage.storage.size(keys.cell_key(video_id, plan.recipe, "v240", i)) for i in range(plan.grid.cells)
        ]
        row = "FROM renditions WHERE video_id = %s AND name = 'v240'"
        assert await stage.value(f"SELECT bytes {row}", video_id) == sum(sizes)
        keyframes = await stage.value(f"SELECT keyframe_bytes {row}", video_id)
        assert len(keyframes) == plan.grid.cells
        assert 0 < keyframes[0] < await stage.storage.size(key)

    async def test_a_film_without_sound_is_playable(self, stage: Stage, film: Film) -> None:
        """READY needs the picture alone where there is no sound."""
        video_id = await stage.upload(film("silent.mp4"))
        await stage.until_complete(video_id)
        assert (await stage.plan(video_id)).audio is None

    async def test_sound_alone_is_playable(self, stage: Stage, film: Film) -> None:
        """A sound file becomes a video with one rendition and without a size."""
        video_id = await stage.upload(film("sound.mp3"))
        await stage.until_complete(video_id)
        assert [r.kind for r in (await stage.progress(video_id)).renditions] == ["audio"]
        assert await stage.value("SELECT width FROM videos WHERE id = %s", video_id) is None

    async def test_jobs_run_twice_change_nothing(self, stage: Stage, film: Film) -> None:
        """Every job finds its work done and leaves, with the same objects and the same record."""
        video_id = await stage.complete(film("film.mkv"))
        before = await stage.fingerprints(video_id)
        ready_at = await stage.value("SELECT ready_at FROM videos WHERE id = %s", video_id)
        async with stage.database.transaction() as db:
            again = [
                ingest_job(video_id),
                audio_job(video_id, "audio", first=True),
                chunk_job(video_id, 0),
                chunk_job(video_id, 1),
            ]
            await stage.queue.enqueue_all(db, again)
        await stage.until_complete(video_id)
        assert await stage.fingerprints(video_id) == before
        assert await stage.value("SELECT ready_at FROM videos WHERE id = %s", video_id) == ready_at

    async def test_making_it_again_gives_the_same_bytes(self, stage: Stage, film: Film) -> None:
        """With its record lost, every cell is made again, byte for byte, each chunk on its own."""
        video_id = await stage.complete(film("film.mkv"))
        before = await stage.fingerprints(video_id)
        await stage.execute("UPDATE renditions SET stored = '{}', bytes = 0, init_hash = NULL")
        async with stage.database.transaction() as db:
            again = [audio_job(video_id, "audio", first=True), chunk_job(video_id, 1), chunk_job(video_id, 0)]
            await stage.queue.enqueue_all(db, again)
        await stage.until_complete(video_id)
        assert await stage.fingerprints(video_id) == before


class TestFill:
    async def test_nothing_that_nobody_waits_for_is_made_before_its_time(self, stage: Stage, film: Film) -> None:
        """Of a video that can just be played its beginning exists, and what somebody asks for."""
        video_id = await stage.upload(film("film.mkv"))
        async with stage.working(fill_delay_seconds=3600.0):
            await stage.until_status(video_id, "READY")
            plan = await stage.plan(video_id)
            async with stage.database.transaction() as db:
                await stage.encoding.want_cell(db, video_id, plan, plan.video[-1].name, 2)

            async def made() -> bool:
                return bool(await stage.value(_ARE_STORED, [plan.video[-1].name], [2], video_id) == 1)

            await stage.until(made)
            assert await stage.value(_FILL_WAITS) == 1
            assert not await stage.value("SELECT has_poster FROM videos WHERE id = %s", video_id)

    async def test_a_fill_that_runs_twice_changes_nothing(self, stage: Stage, film: Film) -> None:
        """It finds what it would enqueue waiting, or its work done."""
        video_id = await stage.upload(film("film.mkv"))
        async with stage.working():
            await stage.until_complete(video_id)
            before = await stage.fingerprints(video_id)
            async with stage.database.transaction() as db:
                await stage.queue.enqueue(db, fill_job(video_id, 0.0))
            await stage.until_complete(video_id)
            assert await stage.fingerprints(video_id) == before


class TestWantCell:
    async def test_of_a_source_that_cannot_be_entered_the_chunk_goes_first(self, stage: Stage, film: Film) -> None:
        """The waiting job of its chunk is raised above all others."""
        video_id = await stage.upload(film("film.mkv"))
        async with stage.working(worker_slots=1):
            await stage.until_complete(video_id)
        plan = await stage.plan(video_id)
        plan = replace(plan, source=replace(plan.source, seekable=False))
        await stage.execute("UPDATE renditions SET stored = '{}'")
        async with stage.database.transaction() as db:
            await stage.queue.enqueue_all(db, [chunk_job(video_id, 0), chunk_job(video_id, 1)])
            assert await stage.encoding.want_cell(db, video_id, plan, "v360", 3)
        first = await stage.value(
            "SELECT args->>'chunk' FROM procrastinate_jobs WHERE status = 'todo' ORDER BY priority DESC LIMIT 1"
        )
        assert first == "1"

    async def test_a_missing_job_is_enqueued(self, stage: Stage, film: Film) -> None:
        """A cell that nobody was going to make is made when it is wanted, picture or sound."""
        video_id = await stage.upload(film("film.mkv"))
        wanted = [("v240", 0), ("v360", 3), ("audio", 2)]
        async with stage.working():
            await stage.until_complete(video_id)
            await stage.execute("UPDATE renditions SET stored = '{}'")
            plan = await stage.plan(video_id)
            async with stage.database.transaction() as db:
                for name, index in wanted:
                    assert await stage.encoding.want_cell(db, video_id, plan, name, index)

            async def made() -> bool:
                return bool(await stage.value(_ARE_STORED, *zip(*wanted, strict=True), video_id) == len(wanted))

            await stage.until(made)

    async def test_a_stored_cell_is_not_wanted(self, stage: Stage, film: Film) -> None:
        """There is nothing to be done about a cell that exists."""
        video_id = await stage.upload(film("silent.mp4"))
        async with stage.working():
            await stage.until_complete(video_id)
        async with stage.database.transaction() as db:
            assert not await stage.encoding.want_cell(db, video_id, await stage.plan(video_id), "v240", 0)
        assert await stage.jobs_left() == 0


class TestQuota:
    async def test_a_video_longer_than_its_owner_may_store_fails(self, stage: Stage, film: Film) -> None:
        """When its length is found out, before anything is made; tried again when there is room, it is made."""
        video_id = await stage.upload(film("long.mkv"), "on_demand")
        await stage.execute(_SET_MINUTES, 2, video_id)
        async with stage.working():
            await stage.until_status(video_id, "FAILED")
            assert (await stage.failure(video_id))[0] == "quota_exceeded"
            sentence = await stage.value("SELECT failure_detail FROM videos WHERE id = %s", video_id)
            assert sentence.startswith("The video lasts 2.1 minutes; of the quota of 2 minutes 2.0 are free.")
            await stage.execute(_SET_MINUTES, 3, video_id)
            owner = await stage.owner(video_id)
            async with stage.database.transaction() as db:
                jobs = JobService(
                    stage.videos(), stage.encoding, stage.imports(), stale_after=stage.settings.worker_stale_seconds
                )
                await jobs.retry(db, owner, video_id)
            await stage.until_status(video_id, "READY")


class TestTitle:
    async def test_the_ladder_becomes_what_the_picture_needs(
        self, stage: Stage, film: Film, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Of a rung that is left out players are not told; who was told goes on, for its cells are made as before.

        A job that runs again finds the ladder chosen: it would raise the CRF each time.
        """
        monkeypatch.setattr(trials, "LEAST_SECONDS", 30)
        video_id = await stage.upload(film("easy.mkv"), "on_demand")
        async with stage.working():
            await stage.until_idle(video_id)
            plan = await stage.plan(video_id)
            assert plan.reasons[-1].startswith("Trial encodes chose the ladder: CRF is 2")
            assert all(rung.crf > CRF for rung in plan.video[1:])
            assert [rung.name for rung in plan.spare] == ["v360"]
            encoding = await stage.progress(video_id)
            assert [r.name for r in encoding.renditions] == [r.name for r in plan.renditions] == ["v240", "v480"]
            assert "/v360/" not in master_playlist(plan, {})
            assert '"v360"' not in manifest(plan)
            async with stage.database.transaction() as db:
                assert await stage.encoding.want_cell(db, video_id, plan, "v360", 6)
            is_stored = "SELECT stored @> 6 FROM renditions WHERE video_id = %s AND name = 'v360'"
            await stage.until(lambda: stage.value(is_stored, video_id))
            async with stage.database.transaction() as db:
                await stage.queue.enqueue(db, title_job(video_id))
            await stage.until_idle(video_id)
            assert await stage.plan(video_id) == plan
