"""A source behind the loopback range server is as good as a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from matinee.media.cells import Cell
from matinee.media.encode import encode_audio
from matinee.media.faults import EncoderFailed, MediaFault
from matinee.media.pictures import make_poster
from matinee.media.probe import probe

from .films import ffmpeg, tone
from .playing import audio_cells, planned, video_cells
from .range_server import serving

Film = Callable[[str], Path]


class TestRangeSource:
    @pytest.mark.parametrize("name", ["h264.mp4", "h264.mkv", "h264-long-gop.ts"])
    async def test_cells_are_those_of_the_file(self, film: Film, name: str) -> None:
        """Plan, picture and sound are the same, byte by byte."""
        path = film(name)
        async with serving(path) as address:
            plan = await planned(address)
            assert plan == await planned(path)
            assert await video_cells(address, plan) == await video_cells(path, plan)
            assert await audio_cells(address, plan) == await audio_cells(path, plan)
            assert await make_poster(address, plan) == await make_poster(str(path), plan)

    async def test_a_lost_server_is_worth_another_attempt(self, film: Film) -> None:
        """When the server is gone, the source is not blamed."""
        path = film("h264.mp4")
        plan = await planned(path)
        async with serving(path) as address:
            pass
        with pytest.raises(EncoderFailed):
            await video_cells(address, plan)
        with pytest.raises(EncoderFailed):
            await probe(address)

    async def test_sound_that_is_lost_on_the_way_is_not_made_up(self, tmp_path: Path) -> None:
        """Silence stands for sound that ended, never for sound that did not arrive."""
        path = tmp_path / "sound.mkv"
        ffmpeg(*tone(60), "-c:a", "pcm_s16le", str(path))
        plan = await planned(path)
        whole = await audio_cells(path, plan)
        made: list[Cell] = []

        async def listen(address: str) -> None:
            async for cell in encode_audio(address, plan, plan.sounds[0]):
                made.append(cell)

        async with serving(path, breaks_at=path.stat().st_size // 2) as address:
            with pytest.raises(EncoderFailed):
                await listen(address)
        assert made
        assert made == whole[: len(made)]
        assert len(made) <= len(whole) / 2

    async def test_an_empty_source_is_told_by_its_size(self) -> None:
        """The size that storage knows is enough to refuse."""
        with pytest.raises(MediaFault) as fault:
            await probe("http://127.0.0.1:9/none", size=0)
        assert fault.value.code == "empty_file"

    async def test_other_addresses_are_no_source(self) -> None:
        """Only the loopback range server may be named."""
        with pytest.raises(ValueError, match=r"127\.0\.0\.1"):
            await probe("http://192.0.2.1:80/film.mp4", size=1)
