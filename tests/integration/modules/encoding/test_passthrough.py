"""The picture of a source that conforms is copied: by its own job, on demand, and again after an eviction."""

import asyncio
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from tests.integration.modules.encoding.stage import Stage, WorkerProcess
from tests.integration.modules.encoding.theatre import Theatre

from matinee.common.jobs import NewJob
from matinee.media import dash, hls, keys
from matinee.media.binaries import find_binaries
from matinee.media.timeline import timeline
from matinee.modules.encoding import results
from matinee.modules.encoding.jobs import copy_jobs, ingest_job
from matinee.modules.encoding.results import Results
from matinee.modules.jobs.service import JobService
from matinee.modules.retention.schemas import StorageChange
from matinee.modules.tracks.jobs import extract_job

Film = Callable[[str], bytes]
NAME = "v360-source"
OTHERS_WAIT = "No other quality is encoded before somebody watches it."
COPIES = 7  # keyframes are 4.8 s apart, 34 s long

_AGE = "UPDATE renditions SET first_cell_at = now() - interval '31 days' WHERE video_id = %s"
_EVICTING = "SELECT count(*) FROM renditions WHERE evicting"
_PICTURES = """
SELECT concat_ws(' ', CASE WHEN has_poster THEN 'poster' END, CASE WHEN storyboard IS NOT NULL THEN 'storyboard' END,
    CASE WHEN has_preview THEN 'preview' END) FROM videos WHERE id = %s
"""
_STORED = "SELECT coalesce(sum(upper(run) - lower(run)), 0)::integer FROM renditions r, unnest(r.stored) AS run"


async def stored(stage: Stage, video_id: UUID) -> int:
    """How many copied cells are recorded."""
    return int(await stage.value(f"{_STORED} WHERE r.video_id = %s AND r.name = %s", video_id, NAME))


async def evicted(stage: Stage) -> bool:
    """Whether no eviction is under way."""
    return bool(await stage.value(_EVICTING) == 0)


async def saved(stage: Stage, video_id: UUID, folder: Path) -> Path:
    """The video as a web server has it: master playlist, manifest, media playlists, cells."""
    plan = await stage.plan(video_id)
    (folder / "master.m3u8").write_text(hls.master_playlist(plan, {}))
    (folder / "manifest.mpd").write_text(dash.manifest(plan))
    for rendition in plan.renditions:
        place = folder / plan.recipe / rendition.name
        place.mkdir(parents=True)
        (place / "playlist.m3u8").write_text(hls.media_playlist(plan, rendition.name))
        names = [f"{index}.m4s" for index in range(plan.cells_of(rendition.name))]
        for name in ["init.mp4", *names]:
            key = keys.rendition_prefix(video_id, plan.recipe, rendition.name) + name
            (place / name).write_bytes(await stage.storage.read(key, 0, await stage.storage.size(key)))
    return folder


def pictures(file: Path, picked: str, *options: str) -> list[str]:
    """The hash of every decoded frame; any warning fails the test."""
    command = [find_binaries().ffmpeg, "-v", "warning", "-nostdin", *options, "-i", str(file), "-map", picked]
    command += ["-fps_mode", "passthrough", "-f", "framemd5", "pipe:1"]
    done = subprocess.run(command, capture_output=True, timeout=60, check=True)
    assert done.stderr == b"", done.stderr.decode()
    return [line.rsplit(",", 1)[1] for line in done.stdout.decode().splitlines() if not line.startswith("#")]


class TestCopiedPicture:
    async def test_no_rung_of_its_size_is_encoded(self, stage: Stage, film: Film) -> None:
        """The plan has the copied picture in the place of the highest rung, and says so; all of it gets stored."""
        async with stage.working():
            video_id = await stage.upload(film("conforming.mp4"))
            await stage.until_complete(video_id)
        encoding, cells = await stage.progress(video_id), (await stage.plan(video_id)).grid.cells
        shown = [(r.name, r.copied, r.cells, r.cells_stored) for r in encoding.renditions]
        assert shown == [("v240", False, cells, cells), (NAME, True, COPIES, COPIES), ("audio", False, cells, cells)]
        assert (
            "The picture conforms (H.264, 8-bit, a keyframe every 4.2 s): it is offered as it is." in encoding.notes
        )
        assert [rung.name for rung in (await stage.plan(video_id)).video] == ["v240"]

    async def test_players_read_all_of_it(self, stage: Stage, film: Film, tmp_path: Path) -> None:
        """By HLS and by DASH, without a warning: the frames of the source, and none besides."""
        video_id = await stage.complete(film("conforming.mp4"))
        source = tmp_path / "source.mp4"
        source.write_bytes(film("conforming.mp4"))
        folder = await saved(stage, video_id, tmp_path)
        expected = pictures(source, "0:v:0")
        plan = await stage.plan(video_id)
        playlist = folder / plan.recipe / NAME / "playlist.m3u8"
        assert pictures(playlist, "0:v:0", "-allowed_extensions", "ALL") == expected
        assert pictures(folder / "manifest.mpd", "0:v:1") == expected
        assert len(pictures(folder / "manifest.mpd", "0:v:0")) == plan.grid.frames

    async def test_playlists_of_one_video_agree(self, stage: Stage, film: Film) -> None:
        """One target duration, that of the longest cell; each playlist lasts as long as the video."""
        async with stage.working():
            video_id = await stage.upload(film("conforming.mp4"))
            await stage.until_status(video_id, "READY")
        plan = await stage.plan(video_id)
        targets = {hls.media_playlist(plan, r.name).splitlines()[2] for r in plan.renditions}
        assert targets == {"#EXT-X-TARGETDURATION:5"}
        assert plan.copied is not None
        times = timeline(plan, plan.copied)
        assert [(end - start) / times.timescale for start, end in pairwise(times.bounds)][:2] == [4.8, 4.8]
        assert times.duration == plan.grid.duration

    async def test_is_there_before_the_video_is_encoded(self, stage: Stage, film: Film) -> None:
        """The first minute is copied with the plan alone."""
        video_id = await stage.upload(film("conforming.mp4"))
        async with stage.working(worker_slots=1):
            await stage.until_status(video_id, "READY")

            async def copied() -> bool:
                return await stored(stage, video_id) == COPIES

            await stage.until(copied)

    async def test_jobs_run_twice_or_killed_change_nothing(
        self, stage: Stage, film: Film, worker_process: Callable[..., WorkerProcess]
    ) -> None:
        """Whenever the worker is killed, the next one leaves the same bytes."""
        video_id = await stage.complete(film("conforming.mp4"))
        before = await stage.fingerprints(video_id)
        await stage.execute("UPDATE renditions SET stored = '{}', bytes = 0 WHERE name = %s", NAME)
        plan = await stage.plan(video_id)
        killed = worker_process(worker_heartbeat_seconds=0.2, worker_stale_seconds=1.0)
        async with stage.database.transaction() as db:
            await stage.queue.enqueue_all(db, [ingest_job(video_id), *copy_jobs(video_id, plan)])

        async def begun() -> bool:
            return await stored(stage, video_id) > 0

        await stage.until(begun)
        killed.kill()
        async with stage.working(worker_heartbeat_seconds=0.2, worker_stale_seconds=1.0):
            await stage.until_complete(video_id)
        assert await stage.fingerprints(video_id) == before

    async def test_comes_back_after_an_eviction(self, stage: Stage, theatre: Theatre, film: Film) -> None:
        """What was given up is copied again when somebody watches, the same."""
        async with stage.working():
            video_id = await stage.complete(film("conforming.mp4"))
            before = await stage.fingerprints(video_id)
            await stage.execute(_AGE, video_id)
            await stage.retention(keep_days=30).begin_evictions()
            await stage.until(lambda: evicted(stage))
            assert await stored(stage, video_id) == 0
            await asyncio.gather(*(theatre.watch(video_id, NAME, index) for index in range(COPIES)))
            assert await stage.fingerprints(video_id) == before

    async def test_on_demand_only_its_first_cell_is_copied(self, stage: Stage, theatre: Theatre, film: Film) -> None:
        """The rest when somebody watches it, and what comes next for him."""
        async with stage.working():
            video_id = await stage.upload(film("conforming.mp4"), "on_demand")
            await stage.until_status(video_id, "READY")

            async def idle() -> bool:
                return await stage.jobs_left() == 0

            await stage.until(idle)
            assert await stored(stage, video_id) == 1
            cell = await theatre.watch(video_id, NAME, 4)
            assert cell.key.endswith(f"/{NAME}/4.m4s")

            async def ahead() -> bool:
                return await stored(stage, video_id) == 1 + COPIES - 4

            await stage.until(ahead)

    async def test_on_demand_nothing_is_encoded(self, stage: Stage, theatre: Theatre, film: Film) -> None:
        """It opens with its own picture, and has its pictures of it; a lower quality is made for whoever asks."""
        async with stage.working(loudness="off"):
            video_id = await stage.upload(film("conforming.mp4"), "on_demand")
            await stage.until_status(video_id, "READY")
            await stage.until_idle(video_id)
            stored = {r.name: (r.copied, r.cells_stored) for r in (await stage.progress(video_id)).renditions}
            plan = await stage.plan(video_id)
            assert stored == {"v240": (False, 0), NAME: (True, 1), "audio": (False, plan.grid.cells)}
            assert plan.sounds[0].passthrough
            assert (await stage.progress(video_id)).state == "resting"
            assert (await stage.progress(video_id)).notes[-1] == OTHERS_WAIT

            async def pictured() -> bool:
                return bool(await stage.value(_PICTURES, video_id) == "poster storyboard preview")

            await stage.until(pictured)
            cell = await theatre.watch(video_id, "v240", 3)
            assert cell.key.endswith("/v240/3.m4s")

    async def test_what_opened_with_it_is_filled_when_that_is_chosen(
        self, stage: Stage, film: Film, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Every rung, as of any other video; its texts are not taken out of the file once more."""
        extracted: list[UUID] = []

        def extract(video_id: UUID) -> NewJob:
            extracted.append(video_id)
            return extract_job(video_id)

        monkeypatch.setattr(results, "extract_job", extract)
        async with stage.working():
            video_id = await stage.upload(film("conforming.mp4"), "on_demand")
            await stage.until_status(video_id, "READY")
            await stage.until_idle(video_id)
            owner = await stage.owner(video_id)
            async with stage.database.transaction() as db:
                await stage.retention().change(db, owner, video_id, StorageChange(encode_policy="eager"))
            await stage.until_complete(video_id)
        assert extracted == [video_id]
        assert OTHERS_WAIT not in (await stage.progress(video_id)).notes

    async def test_eager_chosen_before_it_can_be_played_fills_it(self, stage: Stage, film: Film) -> None:
        """It opens as it was planned, and the chunk that other videos begin with is made with the rest."""
        async with stage.working(fill_delay_seconds=3.0):
            video_id = await stage.upload(film("conforming.mp4"), "on_demand")

            async def opened() -> bool:
                return await stored(stage, video_id) == 1

            await stage.until(opened)
            await stage.execute("UPDATE videos SET encode_policy = 'eager' WHERE id = %s", video_id)
            await stage.until_complete(video_id)

    @pytest.mark.parametrize("when", ["plan IS NULL", "plan IS NOT NULL"])
    async def test_stopped_before_it_can_be_played_it_opens_all_the_same(
        self, stage: Stage, film: Film, when: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whether it is planned by then or not; what was to be filled is left out."""
        step = "plan_made" if when == "plan IS NULL" else "find_stored"
        real = getattr(Results, step)

        async def stopped_first(self: Results, *args: Any, **more: Any) -> Any:
            if await stage.value(f"SELECT {when} AND status = 'PROCESSING' FROM videos WHERE id = %s", video_id):
                owner = await stage.owner(video_id)
                jobs = JobService(stage.videos(), stage.encoding, stage.imports(), stale_after=15.0)
                async with stage.database.transaction() as db:
                    await jobs.cancel(db, owner, video_id)
            return await real(self, *args, **more)

        monkeypatch.setattr(Results, step, stopped_first)
        video_id = await stage.upload(film("conforming.mp4"), "on_demand")
        async with stage.working():
            await stage.until_status(video_id, "READY")
        assert await stage.value("SELECT filling_cancelled_at IS NOT NULL FROM videos WHERE id = %s", video_id)

    async def test_can_be_turned_off(self, stage: Stage, film: Film) -> None:
        """Then every rung is encoded, and nothing is said of copying."""
        async with stage.working(passthrough="off"):
            video_id = await stage.upload(film("conforming.mp4"), "on_demand")
            await stage.until_status(video_id, "READY")
        plan = await stage.plan(video_id)
        assert plan.copied is None
        assert [rung.name for rung in plan.video] == ["v240", "v360"]

    async def test_a_heavy_source_is_encoded(self, stage: Stage, film: Film) -> None:
        """The setting bounds what is offered; the plan says why it is not."""
        async with stage.working(passthrough_max_kbits=100):
            video_id = await stage.upload(film("conforming.mp4"), "on_demand")
            await stage.until_status(video_id, "READY")
        notes = (await stage.progress(video_id)).notes
        assert any("more than the 100 allowed" in note for note in notes)


async def test_a_plan_from_before_plays(stage: Stage, film: Film) -> None:
    """A plan that knows nothing of copied pictures reads, and is made and filled as ever."""
    video_id = await stage.complete(film("film.mkv"))
    await stage.execute("UPDATE videos SET plan = plan - 'copied' WHERE id = %s", video_id)
    plan = await stage.plan(video_id)
    assert plan.copied is None
    assert msgspec.json.decode(msgspec.json.encode(plan), type=type(plan)) == plan
    assert (await stage.progress(video_id)).state == "complete"
