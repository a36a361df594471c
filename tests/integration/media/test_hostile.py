"""Files that are not what they say are refused with a code, and read nothing but themselves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from matinee.media.encode import EncoderOptions, encode_cells
from matinee.media.faults import EncoderFailed, MediaFault
from matinee.media.probe import Limits, probe

from .conftest import X264
from .films import counted_picture, ffmpeg, frame_numbers, tone
from .playing import audio_cells, joined, planned, video_cells

Film = Callable[[str], Path]


async def refusal(source: Path, limits: Limits | None = None) -> str:
    """The code with which a source is refused."""
    with pytest.raises(MediaFault) as fault:
        await probe(str(source), limits=limits or Limits())
    assert fault.value.sentence.endswith(".")
    return fault.value.code


class TestTime:
    async def test_a_look_without_end_is_ended(self, film: Film) -> None:
        """A file that keeps the probe busy is refused, with a code of its own."""
        assert await refusal(film("h264.mp4"), Limits(probe_seconds=0.001)) == "took_too_long"


class TestTruncation:
    @pytest.mark.parametrize("part", [0.3, 0.7])
    @pytest.mark.parametrize("name", ["index-first.mp4", "h264.mkv", "mpeg4.avi", "index-last.mp4"])
    async def test_a_file_that_is_cut_off_is_refused(
        self, film: Film, tmp_path: Path, name: str, part: float
    ) -> None:
        """Whatever the container, a missing end is found by looking at the end."""
        base = film("h264.mp4" if name.startswith("index") else name)
        whole = tmp_path / f"whole{base.suffix}"
        flags = ["-movflags", "+faststart"] if name == "index-first.mp4" else []
        ffmpeg("-i", str(base), "-c", "copy", *flags, str(whole))
        source = tmp_path / name
        source.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * part)])
        assert await refusal(source) == "source_truncated"

    async def test_noise_in_the_middle_still_plays(self, film: Film, tmp_path: Path) -> None:
        """Damage that leaves both ends costs pictures, not the video: every cell is made."""
        data = bytearray(film("h264-long-gop.ts").read_bytes())
        middle = len(data) // 2
        data[middle : middle + 4000] = b"\xaa" * 4000
        source = tmp_path / "noisy.ts"
        source.write_bytes(data)
        plan = await planned(source)
        for chunk in range(plan.chunks):
            cells = [cell async for cell in encode_cells(str(source), plan, plan.chunk_cells(chunk))]
            assert [cell.samples for cell in cells] == [plan.grid.cell_frames(chunk)]


class TestDamage:
    """Parts of the file are zeros: what cannot be decoded is bridged by the picture before it, or behind it."""

    @pytest.mark.parametrize(
        ("container", "start", "stop"),
        [
            pytest.param("mp4", 0.4, 0.6, marks=pytest.mark.soak),  # as in the container below
            ("mkv", 0.4, 0.6),
            ("mp4", 0.7, 1.0),
            ("mkv", 0.01, 0.3),
        ],
    )
    async def test_every_frame_is_there(self, tmp_path: Path, container: str, start: float, stop: float) -> None:
        """The video keeps its length, its sound and its time, wherever the damage is."""
        source = tmp_path / f"film.{container}"
        film = [*counted_picture(400), *tone(16), *X264, "-g", "30", "-c:a", "aac"]
        ffmpeg(*film, *(["-movflags", "+faststart"] if container == "mp4" else []), str(source))
        data = bytearray(source.read_bytes())
        first, last = int(len(data) * start), int(len(data) * stop)
        data[first:last] = bytes(last - first)
        source.write_bytes(data)
        plan = await planned(source)
        name = plan.video[0].name
        cells = (await video_cells(source, plan, [name]))[name]
        shown = frame_numbers(joined(cells, tmp_path / "made.mp4"))
        assert len(shown) == plan.grid.frames == 400
        right = [number == index % 256 for index, number in enumerate(shown)]
        assert sum(right) > 200
        assert right[-1] or right[0]
        assert len(await audio_cells(source, plan)) == plan.grid.cells


class TestBombs:
    async def test_too_many_pixels(self, film: Film) -> None:
        """A picture over the limit is refused before a frame of it is decoded."""
        assert await refusal(film("silent.mp4"), Limits(max_pixels=320 * 180 - 1)) == "too_many_pixels"

    async def test_a_hundred_hours_in_two_frames(self, tmp_path: Path) -> None:
        """A small file that claims to last for days is refused."""
        source = tmp_path / "long.mp4"
        days = ["-vf", "setpts=N*360000/TB", "-fps_mode", "vfr", "-video_track_timescale", "1000"]
        ffmpeg(*counted_picture(3), *days, *X264, str(source))
        assert await refusal(source) == "too_long"

    async def test_too_many_streams(self, film: Film, tmp_path: Path) -> None:
        """Streams are counted before they are read."""
        source = tmp_path / "many.mkv"
        ffmpeg("-i", str(film("silent.mp4")), *["-map", "0:v"] * 70, "-c", "copy", str(source))
        assert await refusal(source) == "too_many_streams"

    async def test_the_encoder_has_the_same_limit_of_pixels(self, film: Film) -> None:
        """A header that lied to the probe meets the limit again in the decoder."""
        source = film("h264.mp4")
        plan = await planned(source)
        with pytest.raises((MediaFault, EncoderFailed)):
            _ = [
                cell
                async for cell in encode_cells(
                    str(source), plan, plan.chunk_cells(0), options=EncoderOptions(max_pixels=1000)
                )
            ]
