"""A film with several sounds: each becomes a rendition, the first one makes it playable."""

import re
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest
from tests.integration.modules.encoding.stage import Stage, WorkerProcess
from tests.integration.modules.encoding.theatre import Theatre

from matinee.media import keys
from matinee.media.binaries import find_binaries

Film = Callable[[str], bytes]

_STORED = "SELECT stored::text FROM renditions WHERE video_id = %s AND name = %s"
_FORGET_CELLS = "UPDATE renditions SET stored = '{[0,1)}' WHERE video_id = %s AND name = 'audio'"
_FORGET_PLAN_FIELDS = """
UPDATE videos SET plan = (plan - 'sounds') || jsonb_build_object('version', 1, 'audio',
    (plan -> 'sounds' -> 0) - ARRAY['stream', 'title', 'coded_language', 'surround_of', 'gain_db', 'file'])
WHERE id = %s
"""


async def loudest(stage: Stage, video_id: UUID, rendition: str, folder: Path) -> tuple[int, int]:
    """The tone that a rendition holds, to 10 Hz, and how many channels it has; a decoder's warning fails the test."""
    plan = await stage.plan(video_id)
    wanted = [keys.init_key(video_id, plan.recipe, rendition)]
    wanted += [keys.cell_key(video_id, plan.recipe, rendition, index) for index in range(plan.grid.cells)]
    file = folder / f"{rendition}.mp4"
    file.write_bytes(b"".join([await stage.storage.read(key, 0, 10_000_000) for key in wanted]))
    command = [find_binaries().ffmpeg, "-v", "warning", "-i", str(file), "-ac", "1", "-f", "s16le", "pipe:1"]
    done = subprocess.run(command, capture_output=True, timeout=60, check=True)
    assert done.stderr == b"", done.stderr.decode()
    samples = memoryview(done.stdout).cast("h")
    assert abs(len(samples) / 48_000 - float(plan.grid.duration)) < 0.1
    second = samples[48_000 * 4 : 48_000 * 5]
    crossings = sum((a < 0) != (b < 0) for a, b in pairwise(second))
    probe = [find_binaries().ffprobe, "-v", "error", "-show_entries", "stream=channels", "-of", "csv=p=0", str(file)]
    channels = subprocess.run(probe, capture_output=True, timeout=60, check=True).stdout
    return round(crossings / 20) * 10, int(channels)


@pytest.mark.usefixtures("worker")
class TestSounds:
    async def test_every_sound_becomes_a_rendition(self, stage: Stage, film: Film, tmp_path: Path) -> None:
        """The default one first, 5.1 in stereo too; each holds its own stream from beginning to end."""
        video_id = await stage.upload(film("dubbed.mkv"))
        await stage.until_complete(video_id)
        sounds = (await stage.plan(video_id)).sounds
        assert [(s.name, s.language, s.title) for s in sounds] == [
            ("audio", "de", "Synchron"),
            ("audio2", "en", ""),
            ("audio2-surround", "en", ""),
            ("audio3", "fr", ""),
        ]
        heard = [await loudest(stage, video_id, sound.name, tmp_path) for sound in sounds]
        assert heard == [(880, 2), (440, 2), (440, 6), (1760, 1)]
        assert [r.kind for r in (await stage.progress(video_id)).renditions][-4:] == ["audio"] * 4

    async def test_on_demand_only_the_first_is_made(self, stage: Stage, film: Film, theatre: Theatre) -> None:
        """The others are made, as a whole, when somebody listens to them."""
        video_id = await stage.upload(film("dubbed.mkv"), policy="on_demand")

        async def rests() -> bool:
            return (await stage.progress(video_id)).state == "resting" and await stage.jobs_left() == 0

        await stage.until(rests)
        assert [await stage.value(_STORED, video_id, name) for name in ("audio", "audio3")] == ["{[0,4)}", "{}"]
        await theatre.watch(video_id, "audio3", 2)

        async def made() -> bool:
            return bool(await stage.value(_STORED, video_id, "audio3") == "{[0,4)}")

        await stage.until(made)
        assert await stage.value(_STORED, video_id, "audio2") == "{}"


class TestFormerPlan:
    async def test_a_plan_of_version_1_plays_on(self, stage: Stage, film: Film, theatre: Theatre) -> None:
        """What was stored with one sound is read, completed and played under the same keys."""
        async with stage.working(loudness="off"):
            video_id = await stage.upload(film("film.mkv"))
            await stage.until_complete(video_id)
        before = await stage.fingerprints(video_id)
        await stage.execute(_FORGET_PLAN_FIELDS, video_id)
        await stage.execute(_FORGET_CELLS, video_id)
        async with stage.working():
            stored = await theatre.watch(video_id, "audio", 3)
            assert stored.content_type == "audio/mp4"
            await stage.until_complete(video_id)
        assert await stage.fingerprints(video_id) == before


@pytest.mark.soak
class TestCrash:
    async def test_a_killed_worker_costs_no_sound(
        self, stage: Stage, film: Film, worker_process: Callable[..., WorkerProcess]
    ) -> None:
        """Another one goes on with each sound where the first left it, with the same bytes."""
        async with stage.working():
            whole = await stage.upload(film("dubbed.mkv"))
            await stage.until_complete(whole)
        video_id = await stage.upload(film("dubbed.mkv"))
        first = worker_process()
        await stage.until_status(video_id, "READY")
        first.kill()
        async with stage.working():
            await stage.until_complete(video_id)
        assert await stage.fingerprints(video_id) == await stage.fingerprints(whole)


async def loudness(stage: Stage, video_id: UUID, folder: Path) -> tuple[float, float]:
    """LUFS and dBTP of the first sound as a whole, as it is played."""
    plan = await stage.plan(video_id)
    wanted = [keys.init_key(video_id, plan.recipe, "audio")]
    wanted += [keys.cell_key(video_id, plan.recipe, "audio", index) for index in range(plan.grid.cells)]
    file = folder / "whole.mp4"
    file.write_bytes(b"".join([await stage.storage.read(key, 0, 10_000_000) for key in wanted]))
    filters = "ebur128=peak=true:framelog=quiet"
    command = [find_binaries().ffmpeg, "-nostats", "-i", str(file), "-af", filters, "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, timeout=60, check=True, text=True).stderr
    found = re.search(r"I:\s+(\S+) LUFS.*Peak:\s+(\S+) dBFS", said, re.DOTALL)
    assert found is not None
    return float(found[1]), float(found[2])


@pytest.mark.usefixtures("worker")
class TestLoudness:
    @pytest.mark.parametrize(("name", "louder"), [("soft.mp4", True), ("loud.mkv", False)])
    async def test_a_sound_is_brought_to_the_target(
        self, stage: Stage, film: Film, tmp_path: Path, name: str, louder: bool
    ) -> None:
        """Within 1 LU, whether it could have been copied or not; the plan says what was done."""
        video_id = await stage.upload(film(name))
        await stage.until_complete(video_id)
        integrated, peak = await loudness(stage, video_id, tmp_path)
        assert integrated == pytest.approx(-16, abs=1)
        assert peak <= -0.5
        plan = await stage.plan(video_id)
        assert plan.audio is not None
        assert not plan.audio.passthrough
        assert ("louder" if louder else "softer") in plan.reasons[-1]
        assert ((plan.audio.gain_db or 0) > 0) is louder

    async def test_silence_stays_silent(self, stage: Stage, film: Film) -> None:
        """No gain, and what can be copied is copied."""
        video_id = await stage.upload(film("hushed.mp4"))
        await stage.until_complete(video_id)
        plan = await stage.plan(video_id)
        assert plan.audio is not None
        assert (plan.audio.passthrough, plan.audio.gain_db) == (True, 0)


class TestLoudnessOff:
    async def test_nothing_is_measured(self, stage: Stage, film: Film) -> None:
        """Sounds come as they are."""
        async with stage.working(loudness="off"):
            video_id = await stage.upload(film("soft.mp4"))
            await stage.until_complete(video_id)
        plan = await stage.plan(video_id)
        assert plan.audio is not None
        assert (plan.audio.passthrough, plan.audio.gain_db) == (True, 0)
