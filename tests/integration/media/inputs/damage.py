"""Films that are cut off or rotten."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..films import ffmpeg, flash_and_beep
from .case import Case, Failed, Make, Ready
from .hostile_files import cut, rotten
from .making import (
    AAC,
    FAST,
    H264_AAC,
    PCM,
    SHOWN,
    X264,
    changed,
)

LONG = 12.0
LONG_FLASH = flash_and_beep(LONG, (1.0, 10.2))


def damaged(suffix: str, change: Callable[[bytes], bytes], *arguments: str) -> Make:
    """A flashing film of four cells, and then its bytes changed."""

    def make(path: Path) -> None:
        base = path.parent / f"base{suffix}"
        ffmpeg(*LONG_FLASH, *arguments, str(base))
        path.write_bytes(change(base.read_bytes()))

    return make


ROTTEN = Ready(seconds=LONG, flashes=(1.0, 10.2), beeps=(1.0, 10.2))
DAMAGE = [
    Case(
        "Damage",
        "MP4 cut off, its index first",
        "film.mp4",
        changed([*H264_AAC, *FAST], ".mp4", cut(0, 0.5)),
        Failed("source_truncated"),
    ),
    Case(
        "Damage",
        "MP4 cut off, its index last",
        "film.mp4",
        changed(H264_AAC, ".mp4", cut(0, 0.5)),
        Failed("source_truncated"),
    ),
    Case(
        "Damage",
        "MP4 without its beginning",
        "film.mp4",
        changed(H264_AAC, ".mp4", cut(0.5, 1)),
        Failed("not_a_video"),
    ),
    Case(
        "Damage",
        "Matroska cut off",
        "film.mkv",
        changed([*X264, *PCM], ".mkv", cut(0, 0.5)),
        Failed("source_truncated"),
    ),
    Case(
        "Damage",
        "Matroska without its beginning",
        "film.mkv",
        changed([*X264, *PCM], ".mkv", cut(0.5, 1)),
        Failed("not_a_video"),
    ),
    Case(
        "Damage", "FLV cut off", "film.flv", changed([*X264, *AAC], ".flv", cut(0, 0.5)), Failed("source_truncated")
    ),
    Case(
        "Damage",
        "MPEG-TS cut off: it says nowhere how long it was",
        "film.ts",
        changed([*X264, *AAC], ".ts", cut(0, 0.5)),
        Ready(seconds=1.44, flashes=(0.6,), beeps=(0.6,)),
    ),
    Case(
        "Damage",
        "MPEG-TS without its beginning",
        "film.ts",
        changed([*X264, "-g", "10", *AAC], ".ts", cut(0.5, 1)),
        Ready(seconds=1.56, flashes=(0.76,), beeps=(0.76,)),
    ),
    Case(
        "Damage",
        "AVI without index",
        "film.avi",
        changed(["-c:v", "mpeg4", "-q:v", "3", *PCM], ".avi", lambda data: data[: data.rindex(b"idx1")]),
        SHOWN,
    ),
    Case(
        "Damage",
        "a hole in the middle of MP4",
        "film.mp4",
        damaged(".mov", rotten(0.4, 0.5, b"\0"), *X264, *PCM, *FAST),
        ROTTEN,
    ),
    Case(
        "Damage",
        "a hole in the middle of Matroska",
        "film.mkv",
        damaged(".mkv", rotten(0.4, 0.5, b"\0"), *X264, *PCM),
        ROTTEN,
    ),
    Case("Damage", "rot in the middle of MPEG-TS", "film.ts", damaged(".ts", rotten(0.4, 0.5), *X264, *AAC), ROTTEN),
    Case(
        "Damage",
        "all media zeros",
        "film.mp4",
        changed([*X264, *PCM, *FAST], ".mov", rotten(0.1, 1.0, b"\0")),
        Ready(flashes=(), beeps=()),
    ),
]
