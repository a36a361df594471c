"""A picture that conforms is offered as it is: the same coded frames, at the times of the encoded rungs."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from matinee.media.bandwidth import peak_bits
from matinee.media.boxes import Fragment
from matinee.media.timeline import timeline

from .films import (
    brightness,
    counted_picture,
    decode,
    ffmpeg,
    flash_and_beep,
    frame_hashes,
    frame_numbers,
    samples,
    tone,
)
from .playing import audio_cells, copied_cells, joined, video_cells, with_copy
from .test_sync import onsets

FRAMES = 250
X264 = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-pix_fmt", "yuv420p", "-g", "50"]
AAC = ["-c:a", "aac", "-b:a", "128k"]
PICTURE = counted_picture(FRAMES, width=640, height=360)
BOTH = [*PICTURE, *tone(FRAMES / 25)]
LOOK = counted_picture(50, width=640, height=360)  # enough where the header says why

CONFORMING = {
    "b-frames.mp4": [*BOTH, *X264, *AAC],
    "index-first.mp4": [*BOTH, *X264, *AAC, "-movflags", "+faststart"],
    "without-edit-list.mp4": [*BOTH, *X264, *AAC, "-use_editlist", "0"],
    "negative-offsets.mp4": [*BOTH, *X264, *AAC, "-movflags", "+negative_cts_offsets"],
    "quicktime.mov": [*BOTH, *X264, "-bf", "0", "-c:a", "pcm_s16le"],
    "coarse-clock.mp4": [*PICTURE, *X264, "-video_track_timescale", "25"],
    "ntsc.mp4": [*counted_picture(FRAMES, "30000/1001", 640, 360), *X264],
    "near-keyframes.mp4": [*PICTURE, *X264, "-g", "25"],
    "far-keyframes.mp4": [*PICTURE, *X264, "-g", "240", "-sc_threshold", "0"],
}

REFUSED = {
    "long.mp4": (
        [*counted_picture(FRAMES, "20", 640, 360), *X264, "-g", "300", "-sc_threshold", "0"],
        "up to 12.5 s apart",
    ),
    "open.mp4": (
        [*PICTURE, *X264, "-preset", "veryfast", "-x264-params", "open-gop=1:bframes=3:keyint=50:scenecut=0"],
        "lean on pictures before them",
    ),
    "10-bit.mp4": ([*LOOK, *X264, "-pix_fmt", "yuv420p10le"], "8 bits"),
    "4-2-2.mp4": ([*LOOK, *X264, "-pix_fmt", "yuv422p"], "yuv422p"),
    "interlaced.mp4": ([*LOOK, *X264, "-flags", "+ilme+ildct", "-x264-params", "tff=1"], "interlaced"),
    "fragmented.mp4": ([*LOOK, *X264, "-movflags", "+frag_keyframe+empty_moov"], "fragmented"),
    "hevc.mp4": (
        [*LOOK, "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none"],
        "coded as hevc",
    ),
    "h264.mkv": ([*LOOK, *X264], "no MP4"),
    "wide-pixels.mp4": ([*LOOK, *X264, "-vf", "setsar=4/3"], "not square"),
    "fast.mp4": ([*LOOK, *X264, "-r", "120"], "60 frames a second"),
    "small.mp4": ([*counted_picture(50), *X264], "lowest quality"),
}


def made(name: str, arguments: list[str], folder: Path) -> Path:
    path = folder / name
    if not path.exists():
        ffmpeg(*arguments, str(path))
    return path


def conforming(name: str, folder: Path) -> Path:
    return made(name, CONFORMING[name], folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("copied")


class TestCopiedCells:
    @pytest.mark.parametrize("name", CONFORMING)
    async def test_they_have_the_frames_of_the_source(self, folder: Path, tmp_path: Path, name: str) -> None:
        """Every coded and every decoded frame, in the order of the source, at its times."""
        source = conforming(name, folder)
        plan, index = await with_copy(source)
        assert plan.copied is not None, plan.reasons
        assert index is not None
        assert [rung.name for rung in plan.shown] == ["v240", "v360-source"]
        cells = copied_cells(source, plan, index)
        assert len(cells) == plan.copied.cells == plan.cells_of("v360-source")
        copy = joined(cells, tmp_path / "copy.mp4")
        assert frame_numbers(copy) == list(range(FRAMES))
        assert _pictures(copy) == _pictures(source)
        assert _seconds(copy)[0] == 0

    @pytest.mark.parametrize("name", CONFORMING)
    async def test_each_begins_where_the_plan_says(self, folder: Path, tmp_path: Path, name: str) -> None:
        """Alone behind the init segment a cell decodes, from its start to its end, within the bits promised."""
        source = conforming(name, folder)
        plan, index = await with_copy(source)
        assert plan.copied is not None
        assert index is not None
        times = timeline(plan, plan.copied)
        cells = copied_cells(source, plan, index)
        assert times.bounds[0] == 0
        shown = 0
        for cell, (start, end) in zip(cells, pairwise(times.bounds), strict=True):
            alone = joined([cell], tmp_path / "cell.mp4")
            moments = _seconds(alone)
            shown += len(moments)
            assert min(moments) == pytest.approx(start / times.timescale, abs=1e-4)
            assert max(moments) < end / times.timescale
            if 2 * (end - start) >= plan.grid.usual_duration * times.timescale:  # a shorter one does not count
                assert len(cell.data) * 8 * times.timescale <= (end - start) * peak_bits(plan, plan.copied)
            assert Fragment(cell.data[: int.from_bytes(cell.data[:4])]).samples == cell.samples == len(moments)
        assert shown == FRAMES
        assert Fraction(times.bounds[-1], times.timescale) == pytest.approx(plan.grid.duration, abs=0.05)

    async def test_they_show_a_frame_when_the_encoded_rung_does(self, folder: Path, tmp_path: Path) -> None:
        """At every place of the film, to the millisecond."""
        source = conforming("b-frames.mp4", folder)
        plan, index = await with_copy(source)
        assert index is not None
        copy = joined(copied_cells(source, plan, index), tmp_path / "copy.mp4")
        rung = joined((await video_cells(source, plan))["v240"], tmp_path / "rung.mp4")
        assert frame_numbers(copy) == frame_numbers(rung)
        assert _seconds(copy) == pytest.approx(_seconds(rung), abs=0.001)

    async def test_cuts_keep_to_the_grid_where_keyframes_allow(self, folder: Path) -> None:
        """A keyframe every second has one at every cell's start; of one every two seconds each cell begins with the
        nearest; one every 9.6 s makes longer cells."""
        plan, _ = await with_copy(conforming("near-keyframes.mp4", folder))
        assert plan.copied is not None
        assert _starts(plan.copied.bounds(), plan.copied.timescale) == [0, 1, 5, 9, 10]
        plan, _ = await with_copy(conforming("b-frames.mp4", folder))
        assert plan.copied is not None
        assert _starts(plan.copied.bounds(), plan.copied.timescale) == [0, 4, 8, 10]
        plan, _ = await with_copy(conforming("far-keyframes.mp4", folder))
        assert plan.copied is not None
        assert _starts(plan.copied.bounds(), plan.copied.timescale) == [0, 10]

    @pytest.mark.parametrize("delay", [pytest.param("0.08", marks=pytest.mark.soak), "0.6", "-0.3"])
    async def test_sound_that_starts_at_another_time_keeps_its_distance(self, tmp_path: Path, delay: str) -> None:
        """Where the sound begins before the picture, the first picture is shown from second 0 on."""
        moments = (1.0, 3.96, 5.2)
        base, source = tmp_path / "base.mp4", tmp_path / "offset.mp4"
        scaled = ["-vf", "scale=640:360", "-g", "40"]
        ffmpeg(*flash_and_beep(7.0, moments), *X264, *scaled, *AAC, str(base))
        late = max(float(delay), 0), max(-float(delay), 0)
        inputs = [argument for by in late for argument in ("-itsoffset", str(by), "-i", str(base))]
        ffmpeg(*inputs, "-map", "0:v", "-map", "1:a", "-c", "copy", str(source))
        plan, index = await with_copy(source)
        assert index is not None, plan.reasons
        copy = joined(copied_cells(source, plan, index), tmp_path / "copy.mp4")
        rung = joined((await video_cells(source, plan))["v240"], tmp_path / "rung.mp4")
        beeps = onsets(samples(joined(await audio_cells(source, plan), tmp_path / "sound.mp4")))
        assert _seconds(copy)[0] == 0
        for film in (copy, rung):
            bright, shown = [level > 128 for level in brightness(film)], _seconds(film)
            flashes = [shown[at] for at in range(len(bright)) if bright[at] and not (at and bright[at - 1])]
            assert len(flashes) == len(beeps)
            for flash, beep in zip(flashes, beeps, strict=True):
                assert abs(flash - beep - float(delay)) < 1 / 25

    async def test_a_varying_frame_rate_is_kept(self, tmp_path: Path) -> None:
        """Frames last as long as they do in the source."""
        source = tmp_path / "varying.mp4"
        dropped = ["-vf", "select='not(between(mod(n,40),5,17))'", "-fps_mode", "vfr"]
        ffmpeg(*PICTURE, *dropped, *X264, "-bf", "2", str(source))
        plan, index = await with_copy(source)
        assert index is not None, plan.reasons
        copy = joined(copied_cells(source, plan, index), tmp_path / "copy.mp4")
        assert _seconds(copy) == pytest.approx(_seconds(source), abs=0.001)


class TestWhatDoesNotConform:
    @pytest.mark.parametrize("name", REFUSED)
    async def test_says_why(self, folder: Path, name: str) -> None:
        """The plan is the usual one, with a sentence more."""
        arguments, why = REFUSED[name]
        plan, index = await with_copy(made(name, arguments, folder))
        assert index is None
        assert plan.copied is None
        assert why in plan.reasons[-1]

    async def test_many_bits_are_not_offered(self, folder: Path) -> None:
        """A bound keeps a heavy source from phones; the peak counts, which is what players go by."""
        plan, index = await with_copy(conforming("b-frames.mp4", folder), max_bits=100_000)
        assert index is None
        assert "more than the 100 allowed" in plan.reasons[-1]
        assert [rung.name for rung in plan.video] == ["v240", "v360"]

    async def test_a_cut_by_an_edit_list(self, folder: Path, tmp_path: Path) -> None:
        """A film that begins in the middle of its data is encoded: a player would show what was cut off."""
        base, source = conforming("b-frames.mp4", folder), tmp_path / "cut.mp4"
        ffmpeg("-ss", "1.2", "-i", str(base), "-c", "copy", str(source))
        plan, index = await with_copy(source)
        assert index is None
        assert "cuts the picture" in plan.reasons[-1]


def _pictures(film: Path) -> list[str]:
    return [line.rsplit(",", 1)[1] for line in frame_hashes(film, "v:0")]


def _seconds(film: Path) -> list[float]:
    listed = decode(
        "-copyts",
        "-i",
        str(film),
        "-map",
        "0:v:0",
        "-fps_mode",
        "passthrough",
        "-enc_time_base",
        "1/90000",
        "-f",
        "framemd5",
    ).decode()
    return [int(line.split(",")[2]) / 90_000 for line in listed.splitlines() if not line.startswith("#")]


def _starts(bounds: list[int], timescale: int) -> list[float]:
    return [bound / timescale for bound in bounds]
