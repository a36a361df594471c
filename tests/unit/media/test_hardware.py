"""What is encoded by a GPU: the plan, the command, and what its process may touch."""

from fractions import Fraction

import msgspec
import pytest
from tests.unit.media.plans import plan

from matinee.media import hardware
from matinee.media.ffmpeg import ProcessLimits
from matinee.media.model import H264Encoder, Plan
from matinee.media.sandbox import Confinement
from matinee.media.speed import work_of
from matinee.media.video_argv import cells_argv

DEVICE = "/dev/dri/renderD129"


def encoded_by(encoder: H264Encoder) -> Plan:
    """A plan whose rungs above the lowest are made by an encoder."""
    usual = plan(seconds=48)
    rungs = [msgspec.structs.replace(rung, encoder=encoder) for rung in usual.video[1:]]
    return msgspec.structs.replace(usual, video=(usual.video[0], *rungs))


def command(made: Plan, place: int = -1) -> list[str]:
    """Of cell 2 of one rung."""
    rung = made.video[place]
    return cells_argv(
        "ffmpeg", "/a", made, range(2, 3), [rung], ["pipe:3"], entry=Fraction(4), max_pixels=10**7, device=DEVICE
    )


def value(argv: list[str], flag: str) -> str:
    """What follows a flag."""
    assert argv.count(flag) == 1
    return argv[argv.index(flag) + 1]


@pytest.mark.parametrize("encoder", ["h264_vaapi", "h264_nvenc"])
class TestTheCommandOfAHardwareEncoder:
    def test_keeps_the_cap_and_the_quality_of_the_rung(self, encoder: H264Encoder) -> None:
        """Constant quality under a cap, as x264's is."""
        made = encoded_by(encoder)
        argv, rung = command(made), made.video[-1]
        assert value(argv, "-c:v") == encoder
        assert value(argv, "-maxrate") == str(rung.max_bit_rate)
        assert value(argv, "-bufsize") == str(rung.buffer_bits)
        assert "-crf" not in argv
        quality = {"h264_vaapi": "-global_quality:v", "h264_nvenc": "-cq"}[encoder]
        assert value(argv, quality) == str(rung.crf)

    def test_keeps_to_the_grid(self, encoder: H264Encoder) -> None:
        """One keyframe a cell, no other, and no frame that refers across a cell's start or is shown out of order."""
        argv, software = command(encoded_by(encoder)), command(encoded_by("libx264"))
        for flag in ("-force_key_frames", "-g", "-flags", "-movflags", "-video_track_timescale", "-profile:v"):
            assert value(argv, flag) == value(software, flag)
        assert value(argv, "-bf") == "0"
        closes = {"h264_vaapi": ("-idr_interval", "0"), "h264_nvenc": ("-forced-idr", "1")}[encoder]
        assert value(argv, closes[0]) == closes[1]

    def test_of_the_lowest_rung_is_that_of_software(self, encoder: H264Encoder) -> None:
        """It needs no GPU, so that any worker makes a video playable."""
        assert command(encoded_by(encoder), 0) == command(encoded_by("libx264"), 0)

    def test_is_work_of_its_own(self, encoder: H264Encoder) -> None:
        """Its speed says nothing of x264's."""
        made = encoded_by(encoder)
        assert work_of(made, made.video[-1]).encoder == encoder


class TestPicturesOnTheirWayToTheEncoder:
    def test_are_loaded_up_to_the_device_for_vaapi(self) -> None:
        """In the one format that all drivers take, on the device that the settings name."""
        argv = command(encoded_by("h264_vaapi"))
        assert value(argv, "-init_hw_device") == f"vaapi=gpu:{DEVICE}"
        assert value(argv, "-filter_hw_device") == "gpu"
        assert value(argv, "-filter_complex").endswith(",format=nv12,hwupload[v0]")

    def test_stay_in_memory_for_the_others(self) -> None:
        """NVENC takes them from there, and x264 knows nothing else."""
        for encoder in ("h264_nvenc", "libx264"):
            argv = command(encoded_by(encoder))  # type: ignore[arg-type]
            assert "-init_hw_device" not in argv
            assert "hwupload" not in value(argv, "-filter_complex")

    def test_of_a_ladder_of_both_are_decoded_once(self) -> None:
        """Each rung goes its own way behind the split."""
        made = encoded_by("h264_vaapi")
        outputs = [f"pipe:{place}" for place in range(len(made.video))]
        argv = cells_argv(
            "ffmpeg", "/a", made, range(1), made.video, outputs, entry=None, max_pixels=10**7, device=DEVICE
        )
        graph = value(argv, "-filter_complex").split(";")
        assert ["hwupload" in part for part in graph] == [False, False, *[True] * (len(made.video) - 1)]


class TestItsProcess:
    def test_may_touch_the_device_and_nothing_without_one(self) -> None:
        """Software gets no further than before."""
        confinement, limits = Confinement("/ffmpeg", connect_port=1), ProcessLimits()
        software, vaapi, nvenc = (encoded_by(e).video for e in ("libx264", "h264_vaapi", "h264_nvenc"))  # type: ignore[arg-type]
        assert hardware.confined(confinement, software, DEVICE) == confinement
        assert hardware.confined(confinement, vaapi, DEVICE).devices == (DEVICE,)
        assert hardware.limited(limits, software) == hardware.limited(limits, vaapi) == limits
        assert hardware.limited(limits, nvenc).address_space > limits.address_space
