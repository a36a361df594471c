"""Workers that encode with a GPU. There is none here: what they do is shown with x264 in its place."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.integration.modules.encoding.stage import Stage, WorkerProcess
from tests.integration.modules.encoding.theatre import Theatre

from matinee.media import encoder_argv
from matinee.media.hardware import EncoderUnavailable, ensure_encoder
from matinee.media.model import VideoRendition
from matinee.modules.downloads.jobs import prepare_job
from matinee.modules.downloads.repository import offer
from matinee.modules.encoding.jobs import ingest_job

Film = Callable[[str], bytes]

_COMMAND = [sys.executable, "-m", "matinee.cli", "worker"]
_QUEUES = "SELECT array_agg(DISTINCT queue_name ORDER BY queue_name) FROM procrastinate_jobs WHERE task_name = %s"
_LABELS = "SELECT labels FROM job_workers LIMIT 1"
_INGESTS = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'encoding.ingest'"
_STORED = "SELECT stored::text FROM renditions WHERE video_id = %s AND name = %s"
_ENCODERS = "SELECT array_agg(DISTINCT encoder ORDER BY encoder) FROM encode_speeds"


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """x264 makes what an NVIDIA GPU would."""

    def x264(rendition: VideoRendition) -> list[str]:
        return ["-c:v", "libx264", "-preset", "ultrafast", "-threads", "1", "-crf", str(rendition.crf)]

    monkeypatch.setitem(encoder_argv._HARDWARE, "h264_nvenc", x264)


@pytest.mark.usefixtures("stand_in")
class TestAWorkerWithAnEncoder:
    async def test_plans_for_it_and_makes_all_but_the_lowest_rung_with_it(self, stage: Stage, film: Film) -> None:
        """Under a recipe of its own, so that nothing is mixed with what x264 made or makes."""
        video_id = await stage.upload(film("film.mkv"))
        async with stage.working(h264_encoder="h264_nvenc"):
            await stage.until_complete(video_id)
            assert await stage.value(_LABELS) == ["nvenc"]
        plan = await stage.plan(video_id)
        assert plan.recipe.endswith("-h264_nvenc")
        assert [rung.encoder for rung in plan.video] == ["libx264", "h264_nvenc"]
        assert await stage.value(_ENCODERS) == ["h264_nvenc", "libx264"]

    async def test_alone_gets_what_needs_it(self, stage: Stage, film: Film, theatre: Theatre) -> None:
        """The others make the rest, also what plays first; what a viewer or a download waits for they hand on."""
        video_id = await stage.upload(film("film.mkv"))
        async with stage.working(h264_encoder="h264_nvenc"):
            await stage.until_complete(video_id)
        await stage.execute("UPDATE renditions SET stored = '{}' WHERE name IN ('v360', 'v240')")
        async with stage.database.transaction() as db:
            await offer(db, video_id, "v360")
            await stage.queue.enqueue(db, prepare_job(video_id, "v360"))
            await stage.encoding.hear_of_viewers(db, [(video_id, "v360", 0)], [((video_id, "v360", 0), 1)])
        async with stage.working():
            await theatre.watch(video_id, "v240", 1)

            async def handed_on() -> bool:
                demand, download = [await stage.value(_QUEUES, f"{name}") for name in _HANDED_ON]
                return bool(demand == ["demand+nvenc"] and download == ["encode+nvenc"])

            await stage.until(handed_on)
        async with stage.working(h264_encoder="h264_nvenc"):
            await theatre.watch(video_id, "v360", 3)

            async def ready() -> bool:
                return bool(await stage.value("SELECT ready_at IS NOT NULL FROM downloads"))

            await stage.until(ready)

    async def test_is_not_needed_to_make_a_video_playable(self, stage: Stage, film: Film) -> None:
        """Whose plan it made before it was lost: the others begin with the lowest rung alone."""
        video_id = await stage.upload(film("film.mkv"))
        async with stage.working(h264_encoder="h264_nvenc"):
            await stage.until_complete(video_id)
        await stage.execute("UPDATE renditions SET stored = '{}' WHERE name IN ('v360', 'v240')")
        async with stage.database.transaction() as db:
            await stage.queue.enqueue(db, ingest_job(video_id))

        async def ingested() -> bool:
            return not await stage.value(_INGESTS)

        async with stage.working():
            await stage.until(ingested)
        assert await stage.failure(video_id) == (None, None)
        stored = [await stage.value(_STORED, video_id, name) for name in ("v240", "v360")]
        assert stored == ["{[0,3)}", "{}"]

    async def test_is_not_needed_by_what_was_planned_for_x264(self, stage: Stage, film: Film) -> None:
        """A plan stays what it is, whoever goes on with it."""
        video_id = await stage.upload(film("film.mkv"))
        async with stage.working():
            await stage.until_status(video_id, "READY")
        async with stage.working(h264_encoder="h264_nvenc"):
            await stage.until_complete(video_id)
        assert await stage.value(_ENCODERS) == ["libx264"]


_HANDED_ON = ("encoding.demand", "downloads.prepare")


class TestAWorkerWithoutTheEncoderThatItWasToldToUse:
    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"h264_encoder": "h264_vaapi", "vaapi_device": Path("/dev/dri/renderD200")}, "on /dev/dri/renderD200: "),
            ({"h264_encoder": "h264_nvenc"}, "set MATINEE_H264_ENCODER=libx264"),
        ],
    )
    async def test_does_not_start_and_says_what_to_do(
        self, worker_process: Callable[..., WorkerProcess], changes: dict[str, Any], reason: str
    ) -> None:
        """It names the device, what FFmpeg said, and the settings that help."""
        worker = worker_process(_COMMAND, **changes)
        assert await worker.ended() == 1
        said = worker.log.read_text()
        assert f"MATINEE_H264_ENCODER is {changes['h264_encoder']}, and this machine cannot encode with it" in said
        assert reason in said
        assert "Traceback" not in said

    async def test_is_refused_for_a_device_that_is_no_gpu(self) -> None:
        """What counts is whether it encodes, not whether it is there."""
        with pytest.raises(EncoderUnavailable, match="on /dev/null: "):
            await ensure_encoder("h264_vaapi", "/dev/null")

    async def test_is_not_looked_at_for_software(self) -> None:
        """x264 is in every FFmpeg that is used here; the first film would tell."""
        await ensure_encoder("libx264", "/nowhere")
