"""Every kind of file that people upload becomes cells that join without a seam."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from matinee.media.model import Rate
from matinee.media.pictures import make_poster

from .conftest import FILMS, FRAMES, X264, X264_B
from .films import counted_picture, ffmpeg, frame_numbers, stream_facts, tone
from .playing import audio_cells, joined, planned, video_cells

Film = Callable[[str], Path]

# What others of the list show beside it.
ALIKE = {"h264.mov", "hevc-10-bit.mkv", "av1.webm"}
SILENT = {"silent.mp4", "av1.webm", "ntsc.mkv"}
EACH = [pytest.param(name, marks=[pytest.mark.soak] if name in ALIKE else []) for name in FILMS]


class TestEveryContainerAndCodec:
    @pytest.mark.parametrize("name", EACH)
    async def test_every_frame_is_shown_once_and_in_order(self, film: Film, tmp_path: Path, name: str) -> None:
        """Joined cells, each made by a process of its own, decode in silence to the source's frames."""
        source = film(name)
        plan = await planned(source)
        made = await video_cells(source, plan)

        rendition = joined(made[plan.video[0].name], tmp_path / "joined.mp4")
        assert frame_numbers(rendition) == list(range(FRAMES))
        expected = [f"{plan.video[0].width},{plan.video[0].height}"]
        assert stream_facts(rendition, "width,height") == expected
        start, duration = stream_facts(rendition, "start_time", "duration")
        assert float(start) == 0
        assert float(duration) == pytest.approx(float(plan.grid.duration), abs=1e-6)

    @pytest.mark.parametrize("name", [film for film in EACH if film.values[0] not in SILENT])
    async def test_sound_lasts_as_long_as_the_picture(self, film: Film, tmp_path: Path, name: str) -> None:
        """The sound track covers the grid to within one AAC frame, and decodes in silence."""
        source = film(name)
        plan = await planned(source)
        cells = await audio_cells(source, plan)

        assert [cell.samples for cell in cells] == [len(plan.audio_frames(i)) for i in range(plan.grid.cells)]
        (packets,) = stream_facts(joined(cells, tmp_path / "sound.mp4"), "nb_read_packets")
        assert plan.audio is not None
        seconds = Fraction(int(packets) * 1024, plan.audio.sample_rate)
        assert 0 <= seconds - plan.grid.duration < Fraction(1024, plan.audio.sample_rate)


class TestShape:
    @pytest.mark.parametrize(
        ("arguments", "expected"),
        [
            pytest.param([*counted_picture(50, width=180, height=320), *X264], (180, 320), id="portrait"),
            pytest.param([*counted_picture(50, width=321, height=181), "-c:v", "ffv1"], (320, 180), id="odd"),
            pytest.param([*counted_picture(50, width=16, height=16), *X264], (16, 16), id="tiny"),
            pytest.param([*counted_picture(50), "-vf", "setsar=4/3", *X264], (426, 180), id="anamorphic"),
            pytest.param([*counted_picture(50, width=2, height=2), "-c:v", "ffv1"], (2, 2), id="two pixels"),
        ],
    )
    async def test_the_picture_has_square_pixels_and_even_sides(
        self, tmp_path: Path, arguments: list[str], expected: tuple[int, int]
    ) -> None:
        """The top rung has the display size of the source, and the encoded picture has the planned size."""
        source = tmp_path / "source.mkv"
        ffmpeg(*arguments, str(source))
        plan = await planned(source)
        assert (plan.video[-1].width, plan.video[-1].height) == expected
        made = await video_cells(source, plan)
        facts = stream_facts(
            joined(made[plan.video[-1].name], tmp_path / "joined.mp4"), "width,height", "sample_aspect_ratio"
        )
        assert facts == [f"{expected[0]},{expected[1]}", "1:1"]

    async def test_a_rotated_picture_is_turned_upright(self, tmp_path: Path) -> None:
        """A display matrix is applied to size and pixels alike."""
        upright, source = tmp_path / "upright.mp4", tmp_path / "turned.mp4"
        ffmpeg(*counted_picture(50), "-vf", "transpose=cclock", *X264, str(upright))
        ffmpeg("-display_rotation", "-90", "-i", str(upright), "-c", "copy", str(source))
        plan = await planned(source)
        made = await video_cells(source, plan)
        assert plan.source.rotation == 90
        assert (plan.video[-1].width, plan.video[-1].height) == (320, 180)
        assert frame_numbers(joined(made[plan.video[-1].name], tmp_path / "joined.mp4")) == list(range(50))

    @pytest.mark.parametrize(
        ("flip", "stored_as", "turned"),
        [
            (["-display_hflip"], "hflip", 0),
            (["-display_vflip"], "vflip", 0),
            (["-display_rotation", "90", "-display_hflip"], "transpose=clock_flip", 270),
        ],
    )
    async def test_a_mirrored_picture_is_flipped(
        self, tmp_path: Path, flip: list[str], stored_as: str, turned: int
    ) -> None:
        """A matrix that flips is applied to the pixels, and is not called a turn."""
        stored, source = tmp_path / "stored.mp4", tmp_path / "source.mp4"
        ffmpeg(*counted_picture(50), "-vf", stored_as, *X264, str(stored))
        ffmpeg(*flip, "-i", str(stored), "-c", "copy", str(source))
        plan = await planned(source)
        made = await video_cells(source, plan)
        assert plan.source.rotation == turned
        assert "The picture is mirrored, as its header wants it." in plan.reasons
        assert (plan.video[-1].width, plan.video[-1].height) == (320, 180)
        assert frame_numbers(joined(made[plan.video[-1].name], tmp_path / "joined.mp4")) == list(range(50))

    async def test_a_large_picture_gets_a_ladder(self, tmp_path: Path) -> None:
        """Each rung of one process has its planned size and every frame."""
        source = tmp_path / "source.mp4"
        ffmpeg(*counted_picture(30, width=1280, height=720), *X264, str(source))
        plan = await planned(source)
        made = await video_cells(source, plan)
        assert [rung.name for rung in plan.video] == ["v240", "v360", "v480", "v720"]
        for rung in plan.video:
            path = joined(made[rung.name], tmp_path / f"{rung.name}.mp4")
            assert frame_numbers(path) == list(range(30))
            assert stream_facts(path, "width,height") == [f"{rung.width},{rung.height}"]


class TestColour:
    async def test_hdr_is_tone_mapped(self, tmp_path: Path) -> None:
        """A PQ picture of 10 bits becomes 8-bit BT.709, with every frame in its place."""
        source = tmp_path / "hdr.mp4"
        tags = ["-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc"]
        ffmpeg(
            *counted_picture(30),
            "-vf", "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv",
            "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none",
            "-pix_fmt", "yuv420p10le", *tags, str(source),
        )  # fmt: skip
        plan = await planned(source)
        made = await video_cells(source, plan)
        rendition = joined(made[plan.video[-1].name], tmp_path / "joined.mp4")
        assert plan.source.hdr
        assert stream_facts(rendition, "pix_fmt", "color_transfer", "color_space") == ["yuv420p", "bt709", "bt709"]
        assert frame_numbers(rendition) == list(range(30))

    async def test_fields_become_frames(self, tmp_path: Path) -> None:
        """An interlaced picture keeps its frame rate and loses its combs."""
        source = tmp_path / "interlaced.ts"
        ffmpeg(*counted_picture(50), "-vf", "setfield=tff", "-flags", "+ilme+ildct", "-c:v", "mpeg2video",
               "-q:v", "4", str(source))  # fmt: skip
        plan = await planned(source)
        made = await video_cells(source, plan)
        rendition = joined(made[plan.video[-1].name], tmp_path / "joined.mp4")
        assert plan.source.interlaced
        assert stream_facts(rendition, "field_order", "nb_read_packets") == ["progressive", "50"]

    async def test_colours_of_small_pictures_are_converted(self, tmp_path: Path) -> None:
        """BT.601 red stays red in a BT.709 rendition."""
        source, still = tmp_path / "red.mp4", tmp_path / "red.rgb"
        red = "color=0xC02020:s=320x180:r=25:d=1,format=rgb24"
        as_601 = f"{red},scale=out_color_matrix=bt601:out_range=tv,format=yuv420p"
        ffmpeg("-f", "lavfi", "-i", as_601,
               *X264, "-colorspace", "smpte170m", str(source))  # fmt: skip
        plan = await planned(source)
        made = await video_cells(source, plan)
        rendition = joined(made[plan.video[-1].name], tmp_path / "joined.mp4")
        ffmpeg("-i", str(rendition), "-vf", "scale=8:8:in_color_matrix=bt709,format=rgb24", "-frames:v", "1",
               "-f", "rawvideo", str(still))  # fmt: skip
        shown = still.read_bytes()[:3]
        assert max(abs(have - want) for have, want in zip(shown, (0xC0, 0x20, 0x20), strict=True)) <= 6


class TestTime:
    async def test_a_varying_rate_becomes_steady(self, tmp_path: Path) -> None:
        """Frames keep their moment: those shown twice as long are repeated."""
        source = tmp_path / "varying.mp4"
        slow_after_50 = "setpts='if(lt(N,50),N,50+(N-50)*2)/25/TB'"
        ffmpeg(*counted_picture(100), "-vf", slow_after_50, "-fps_mode", "vfr", *X264_B, str(source))
        plan = await planned(source)
        made = await video_cells(source, plan)
        numbers = frame_numbers(joined(made[plan.video[-1].name], tmp_path / "joined.mp4"))
        assert len(numbers) == plan.grid.frames
        rate = plan.grid.rate.fraction
        moments = {number: numbers.index(number) / rate for number in (0, 25, 60, 90)}
        expected = {0: Fraction(0), 25: Fraction(1), 60: Fraction(70, 25), 90: Fraction(130, 25)}
        assert all(abs(moments[number] - expected[number]) <= 1 / rate for number in expected)

    async def test_a_fast_source_is_halved(self, tmp_path: Path) -> None:
        """100 frames a second become 50 by taking every second one."""
        source = tmp_path / "fast.mp4"
        ffmpeg(*counted_picture(200, rate="100"), *X264, str(source))
        plan = await planned(source)
        made = await video_cells(source, plan)
        assert plan.grid.rate == Rate(50, 1)
        numbers = frame_numbers(joined(made[plan.video[-1].name], tmp_path / "joined.mp4"))
        assert len(numbers) == 100
        assert {later - earlier for earlier, later in pairwise(numbers)} <= {1, 2, 3}

    async def test_sound_that_nothing_decodes_is_left_out(self, tmp_path: Path) -> None:
        """The picture is worth more than nothing, and the plan says what is missing."""
        source = tmp_path / "film.mkv"
        ffmpeg(*counted_picture(50), *tone(2.0), *X264, "-c:a", "aac", str(source))
        source.write_bytes(source.read_bytes().replace(b"A_AAC", b"A_XYZ"))
        plan = await planned(source)
        assert plan.audio is None
        assert "The sound is coded as 'unknown', which cannot be decoded: it is left out." in plan.reasons
        made = await video_cells(source, plan)
        assert frame_numbers(joined(made[plan.video[-1].name], tmp_path / "joined.mp4")) == list(range(50))

    async def test_of_two_sounds_the_one_that_is_heard_is_taken(self, tmp_path: Path) -> None:
        """A default track that nothing decodes does not hide the other."""
        source = tmp_path / "film.mkv"
        both = ["-map", "0", "-map", "1", "-map", "1", "-c:a:0", "aac", "-c:a:1", "flac", "-disposition:a:1", "0"]
        ffmpeg(*counted_picture(50), *tone(2.0), *both, *X264, "-disposition:a:0", "default", str(source))
        source.write_bytes(source.read_bytes().replace(b"A_AAC", b"A_XYZ"))
        plan = await planned(source)
        assert plan.source.audio_codec == "flac"
        assert len(await audio_cells(source, plan)) == plan.grid.cells

    async def test_sound_alone_is_a_rendition(self, tmp_path: Path) -> None:
        """A file without a picture gets a plan with audio only, on a grid of 25 frames a second."""
        source = tmp_path / "song.mp3"
        ffmpeg(*tone(9.0), str(source))
        plan = await planned(source)
        cells = await audio_cells(source, plan)
        assert plan.video == ()
        assert plan.grid.rate == Rate(25, 1)
        assert len(cells) == plan.grid.cells == 3

    async def test_the_last_picture_stays_while_sound_goes_on(self, tmp_path: Path) -> None:
        """A picture of 2 s under 9 s of sound is held, also by chunks that lie wholly behind its end."""
        source = tmp_path / "held.mp4"
        ffmpeg(*counted_picture(50), *tone(9.0), *X264, "-c:a", "aac", str(source))
        plan = await planned(source)
        made = await video_cells(source, plan)
        numbers = frame_numbers(joined(made[plan.video[-1].name], tmp_path / "joined.mp4"))
        assert numbers == [*range(50), *([49] * (plan.grid.frames - 50))]
        assert plan.grid.duration >= 9

    async def test_the_first_picture_shows_while_sound_comes_first(self, tmp_path: Path) -> None:
        """Sound that starts a second before the picture is kept; the first picture stands meanwhile."""
        source = tmp_path / "late.mkv"
        ffmpeg("-itsoffset", "1", *counted_picture(50), *tone(3.0), *X264, "-c:a", "flac", str(source))
        plan = await planned(source)
        made = await video_cells(source, plan)
        numbers = frame_numbers(joined(made[plan.video[-1].name], tmp_path / "joined.mp4"))
        assert numbers == [*([0] * 25), *range(50)]


class TestPoster:
    @pytest.mark.parametrize("name", ["h264.mp4", "mpeg2.ts", "live.webm"])
    async def test_the_poster_is_a_jpeg(self, film: Film, tmp_path: Path, name: str) -> None:
        """A poster has the display size of the source."""
        source = film(name)
        poster = tmp_path / "poster.jpg"
        poster.write_bytes((await make_poster(str(source), await planned(source))).jpeg)
        assert stream_facts(poster, "codec_name", "width,height") == ["mjpeg", "320,180"]
