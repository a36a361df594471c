"""Every film is made once a session, when the first test asks for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .films import RATE, counted_picture, ffmpeg, flash_and_beep, tone

FRAMES = 145  # at 25 a second: cells of 25, 100 and 20 frames
SECONDS = FRAMES / RATE

X264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
X264_B = ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p"]
PICTURE = counted_picture(FRAMES)
BOTH = [*PICTURE, *tone(SECONDS)]

FILMS: dict[str, list[str]] = {
    "h264.mp4": [*BOTH, *X264_B, "-g", "30", "-c:a", "aac"],
    "h264.mov": [*BOTH, *X264, "-g", "70", "-c:a", "pcm_s16le"],
    "h264.mkv": [*BOTH, *X264_B, "-g", "48", "-c:a", "libopus"],
    "h264-long-gop.ts": [*BOTH, *X264_B, "-g", "1000", "-sc_threshold", "0", "-c:a", "aac"],
    "hevc.mp4": [
        *BOTH, "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:keyint=40",
        "-pix_fmt", "yuv420p", "-tag:v", "hvc1", "-c:a", "aac",
    ],
    "hevc-10-bit.mkv": [
        *BOTH, "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:keyint=40",
        "-pix_fmt", "yuv420p10le", "-c:a", "flac",
    ],
    "vp9.webm": [
        *BOTH, "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "40", "-c:a", "libopus",
    ],
    "av1.mp4": [*BOTH, "-c:v", "libaom-av1", "-usage", "realtime", "-cpu-used", "8", "-g", "40", "-c:a", "aac"],
    "av1.webm": [*PICTURE, "-c:v", "libaom-av1", "-usage", "realtime", "-cpu-used", "8", "-g", "60"],
    "prores.mov": [*BOTH, "-c:v", "prores_ks", "-profile:v", "proxy", "-c:a", "pcm_s24le"],
    "mpeg2.ts": [*BOTH, "-c:v", "mpeg2video", "-q:v", "4", "-g", "15", "-c:a", "mp2"],
    "mpeg2.mpg": [*BOTH, "-c:v", "mpeg2video", "-q:v", "4", "-g", "15", "-c:a", "mp2"],
    "mpeg4.avi": [*BOTH, "-c:v", "mpeg4", "-q:v", "4", "-g", "50", "-c:a", "pcm_s16le"],
    "silent.mp4": [*PICTURE, *X264],
    "live.webm": [
        *BOTH, "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "40",
        "-c:a", "libopus", "-live", "1",
    ],
    "fragmented.mp4": [*BOTH, *X264, "-g", "40", "-c:a", "aac", "-movflags", "+frag_keyframe+delay_moov"],
    "ntsc.mkv": [*counted_picture(FRAMES, "30000/1001"), *X264_B, "-g", "45"],
}  # fmt: skip
"""Films whose frames are numbered from 0 to FRAMES - 1 without a gap."""

FLASHES = (0.96, 3.96, 5.2)  # the first one lies across the start of a cell
FLASH = flash_and_beep(6.0, FLASHES)

SYNC_FILMS: dict[str, list[str]] = {
    "copied.mp4": [*FLASH, *X264_B, "-c:a", "aac"],
    "encoded.mkv": [*FLASH, *X264_B, "-c:a", "libopus"],
    "encoded.ts": [*FLASH, *X264_B, "-c:a", "mp2"],
    "mono.mov": [*FLASH, *X264, "-c:a", "pcm_s16le", "-ac", "1"],
    "surround.mp4": [*FLASH, *X264, "-c:a", "aac", "-ac", "6"],
}


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Give the path of a named film, made at the first asking."""
    folder = tmp_path_factory.mktemp("films")

    def make(name: str) -> Path:
        path = folder / name
        if not path.exists():
            ffmpeg(*{**FILMS, **SYNC_FILMS}[name], str(path))
        return path

    return make
