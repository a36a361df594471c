"""A flash and a beep that coincide in the source coincide in what is played."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from matinee.media.faults import MediaFault
from matinee.media.model import Plan

from .conftest import FLASH, FLASHES, SYNC_FILMS, X264_B
from .films import RATE, brightness, ffmpeg, samples, stream_facts, tone
from .listening import onsets
from .playing import audio_cells, joined, planned, video_cells

Film = Callable[[str], Path]
FRAME = 1 / RATE


async def flashes_and_beeps(source: Path, plan: Plan, folder: Path) -> tuple[list[float], list[float]]:
    """The moments, in seconds of each joined rendition, at which the picture turns white and the sound begins."""
    made = await video_cells(source, plan)
    picture = joined(made[plan.video[-1].name], folder / "picture.mp4")
    sound = joined(await audio_cells(source, plan), folder / "sound.mp4")
    assert [float(start) for path in (picture, sound) for start in stream_facts(path, "start_time")] == [0, 0]
    bright = [level > 128 for level in brightness(picture)]
    flashes = [at / RATE for at in range(len(bright)) if bright[at] and not (at and bright[at - 1])]
    return flashes, onsets(samples(sound))


class TestSync:
    @pytest.mark.parametrize("name", SYNC_FILMS)
    async def test_flash_and_beep_agree_within_a_frame(self, film: Film, tmp_path: Path, name: str) -> None:
        """In every way sound is treated, picture and sound start on the same frame, to the end of the film."""
        source = film(name)
        plan = await planned(source)
        assert plan.audio is not None
        assert plan.audio.passthrough == (name == "copied.mp4")
        flashes, beeps = await flashes_and_beeps(source, plan, tmp_path)
        assert len(flashes) == len(beeps) == len(FLASHES)
        for flash, beep, moment in zip(flashes, beeps, FLASHES, strict=True):
            assert abs(flash - beep) < FRAME
            assert abs(flash - moment) <= FRAME

    @pytest.mark.parametrize("delay", ["0.5", "-0.5"])
    async def test_sound_that_starts_later_or_earlier_keeps_its_moment(self, tmp_path: Path, delay: str) -> None:
        """An offset between the streams in the source is kept."""
        base, source = tmp_path / "base.mkv", tmp_path / "offset.mkv"
        ffmpeg(*FLASH, *X264_B, "-c:a", "pcm_s16le", str(base))
        inputs = ["-i", str(base), "-itsoffset", delay, "-i", str(base)]
        ffmpeg(*inputs, "-map", "0:v", "-map", "1:a", "-c", "copy", str(source))
        plan = await planned(source)
        flashes, beeps = await flashes_and_beeps(source, plan, tmp_path)
        for flash, beep in zip(flashes, beeps, strict=False):
            assert abs(beep - flash - float(delay)) < FRAME

    async def test_a_gap_in_the_sound_is_silence(self, tmp_path: Path) -> None:
        """Sound that is missing for a second does not pull what follows forward."""
        whole, source = tmp_path / "whole.mkv", tmp_path / "gap.mkv"
        ffmpeg(*FLASH, *X264_B, "-c:a", "pcm_s16le", str(whole))
        # Packets between 1.5 s and 2.5 s are dropped; the others keep their timestamps.
        noise = "noise=drop='between(pts*tb,1.5,2.5)'"
        ffmpeg("-i", str(whole), "-c", "copy", "-bsf:a", noise, str(source))
        plan = await planned(source)
        flashes, beeps = await flashes_and_beeps(source, plan, tmp_path)
        assert len(beeps) == len(flashes)
        assert all(abs(beep - flash) < FRAME for flash, beep in zip(flashes, beeps, strict=True))

    async def test_a_gap_that_would_take_too_much_memory_is_a_fault(self, tmp_path: Path) -> None:
        """FFmpeg fills a gap all at once; where it may not, what follows is never played at the wrong time."""
        whole, source = tmp_path / "whole.mkv", tmp_path / "gap.mkv"
        ffmpeg(*tone(4), "-c:a", "pcm_s16le", str(whole))
        later = "setts=ts=TS+gte(TS*TB\\,2)*3600/TB"
        ffmpeg("-i", str(whole), "-c", "copy", "-bsf:a", later, str(source))
        plan = await planned(source)
        with pytest.raises(MediaFault) as fault:
            await audio_cells(source, plan)
        assert fault.value.code == "source_damaged"
        assert "gap" in fault.value.sentence

    async def test_a_gap_of_ten_minutes_is_silence(self, tmp_path: Path) -> None:
        """As a recorder leaves it that drops what is silent."""
        whole, source = tmp_path / "whole.mkv", tmp_path / "gap.mkv"
        ffmpeg(*tone(4), "-c:a", "pcm_s16le", str(whole))
        later = "setts=ts=TS+gte(TS*TB\\,2)*600/TB"
        ffmpeg("-i", str(whole), "-c", "copy", "-bsf:a", later, str(source))
        plan = await planned(source)
        cells = await audio_cells(source, plan)
        assert len(cells) == plan.grid.cells == 152
        again = onsets(samples(joined([cells[-1]], tmp_path / "end.mp4")), threshold=1000)
        assert again[0] == pytest.approx(602 - float(plan.grid.cell_start(151)), abs=FRAME)
