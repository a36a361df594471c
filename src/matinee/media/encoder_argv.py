"""How each encoder is set up, so that it repeats its bytes and keeps to the grid. Pure."""

from __future__ import annotations

from .model import VideoRange, VideoRendition

ENCODER_THREADS = 1
"""Part of the recipe. With more, x264 gives other bytes each time that it runs into the cap on bits: its threads
look at each other's frames while these are being made."""

X264_PARAMS = "cpu-independent=1"
"""Without it x264 gives other bytes on another kind of CPU, and with AVX-512 other bytes each time."""

X265_PRESET = "superfast"
"""Slower ones gave no fewer bits for the same picture here, and x265 is the slowest of the three as it is."""
X265_PARAMS = (
    "log-level=error",
    "info=0",  # no version string in the stream: same bytes from the same cell
    "pools=none",  # no threads: as with x264
    "frame-threads=1",
    "no-wpp=1",
    "open-gop=0",  # no frame refers across a cell's start
    "scenecut=0",  # an extra keyframe at a scene cut would split a cell
    "repeat-headers=0",  # parameter sets stand in the init segment alone: that is what `hvc1` means
)

AV1_PRESET = "8"
"""Of 0 to 13. At 10 it takes half the time, but saves 10 % of x264's bits where 8 saves 27 %."""
AV1_PARAMS = (
    "lp=1",  # level of parallelism: with more, a picture that runs into the cap gets other bytes
    "scd=0",
)


NVENC_PRESET = "p5"
"""Of p1 to p7. An NVENC unit is many times faster than real time at any of them."""


def encoder_argv(rendition: VideoRendition) -> list[str]:
    """The encoder of a rendition with what is peculiar to it; the cap on bits and keyframes are set for all alike."""
    if rendition.codec == "h264" and rendition.encoder != "libx264":
        return [
            *_HARDWARE[rendition.encoder](rendition),
            "-profile:v",
            rendition.profile,
            "-level:v",
            rendition.level,
        ]
    return [*_software(rendition), "-crf", str(rendition.crf)]


def _vaapi(rendition: VideoRendition) -> list[str]:
    return [
        "-c:v", "h264_vaapi",
        "-rc_mode", "QVBR",  # constant quality under a cap, as CRF with -maxrate is
        "-global_quality:v", str(rendition.crf),  # of the same scale of 1 to 51 as CRF
        "-b:v", str(rendition.max_bit_rate),  # QVBR wants one: all that the cap allows
        "-bf", "0",  # drivers differ in what B-frames may refer to; without them decoding order is the order of time
        "-idr_interval", "0",  # every forced keyframe ends the references to what is before it
        "-sei", "0",  # no version string in the stream
    ]  # fmt: skip


def _nvenc(rendition: VideoRendition) -> list[str]:
    return [
        "-c:v", "h264_nvenc", "-preset", NVENC_PRESET,
        "-rc", "vbr", "-cq", str(rendition.crf), "-b:v", "0",  # constant quality; the cap is -maxrate
        "-bf", "0", "-b_ref_mode", "disabled",
        "-rc-lookahead", "0", "-no-scenecut", "1",  # an extra keyframe at a scene cut would split a cell
        "-forced-idr", "1",  # every forced keyframe ends the references to what is before it
        "-strict_gop", "1",
        "-spatial-aq", "1",
    ]  # fmt: skip


_HARDWARE = {"h264_vaapi": _vaapi, "h264_nvenc": _nvenc}


def _software(rendition: VideoRendition) -> list[str]:
    if rendition.codec == "av1":
        settings = (*AV1_PARAMS, f"level={rendition.level.replace('.', '')}")
        return ["-c:v", "libsvtav1", "-preset", AV1_PRESET, "-svtav1-params", ":".join(settings)]
    if rendition.codec == "hevc":
        params = (*X265_PARAMS, f"level-idc={rendition.level}", "high-tier=0")
        return [
            "-c:v", "libx265", "-preset", X265_PRESET, "-profile:v", rendition.profile,
            "-x265-params", ":".join(params),
            "-forced-idr", "1",  # else a forced keyframe need not end the references to what is before it
            "-tag:v", "hvc1",  # Apple's players take no `hev1`
        ]  # fmt: skip
    return [
        "-c:v", "libx264", "-preset", rendition.preset, "-threads", str(ENCODER_THREADS),
        "-x264-params", x264_params(rendition),
        "-profile:v", rendition.profile, "-level:v", rendition.level,
    ]  # fmt: skip


def x264_params(rendition: VideoRendition) -> str:
    """What x264 is told in its own language."""
    return f"{X264_PARAMS}:{rendition.params}" if rendition.params else X264_PARAMS


def transfer(video_range: VideoRange) -> str:
    """FFmpeg's name of how brightness is coded."""
    return {"SDR": "bt709", "PQ": "smpte2084", "HLG": "arib-std-b67"}[video_range]
