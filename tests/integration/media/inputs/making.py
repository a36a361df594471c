"""Ways to make a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..films import ffmpeg, flash_and_beep
from .case import MOMENTS, SECONDS, Make, Ready
from .reasons import COPIED

FLASH = flash_and_beep(SECONDS, MOMENTS)
X264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
X264_B = ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p"]
X265 = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none"]
VP9 = ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"]
AAC = ["-c:a", "aac"]
PCM = ["-c:a", "pcm_s16le"]
OPUS = ["-c:a", "libopus"]
H264_AAC = [*X264_B, *AAC]
FAST = ["-movflags", "+faststart"]

SHOWN = Ready()
COPYING = Ready(said=(COPIED,))
SILENT = Ready(beeps=None)


def scaled(width: int, height: int) -> list[str]:
    """The film at another size, of square pixels."""
    return ["-vf", f"scale={width}:{height},setsar=1"]


def coded(*arguments: str) -> Make:
    """The flashing film, coded in this way."""
    return lambda path: ffmpeg(*FLASH, *arguments, str(path))


def beside(name: str, text: str, *arguments: str) -> Make:
    """The flashing film with a text file as third input."""

    def make(path: Path) -> None:
        file = path.parent / name
        file.write_text(text)
        ffmpeg(*FLASH, "-i", str(file), "-map", "0", "-map", "1", *arguments, str(path))

    return make


def written(content: bytes | str) -> Make:
    """These bytes."""
    data = content.encode() if isinstance(content, str) else content
    return lambda path: path.write_bytes(data) and None


def filmed(*arguments: str) -> Make:
    """What FFmpeg makes of other inputs."""
    return lambda path: ffmpeg(*arguments, str(path))


def again(first: list[str], suffix: str, *second: str) -> Make:
    """The flashing film coded once, and what FFmpeg then makes of that file, named by `{}`."""

    def make(path: Path) -> None:
        base = path.parent / f"base{suffix}"
        ffmpeg(*FLASH, *first, str(base))
        ffmpeg(*(argument.format(base) if argument == "{}" else argument for argument in second), str(path))

    return make


def changed(first: list[str], suffix: str, change: Callable[[bytes], bytes]) -> Make:
    """The flashing film, and then its bytes changed."""

    def make(path: Path) -> None:
        base = path.parent / f"base{suffix}"
        ffmpeg(*FLASH, *first, str(base))
        path.write_bytes(change(base.read_bytes()))

    return make


def referring(script: str) -> Make:
    """A text that refers to a film which is really there, beside it."""

    def make(path: Path) -> None:
        film = path.parent / "referred.mp4"
        ffmpeg(*FLASH, *X264, *AAC, str(film))
        path.write_text(script.format(film=film))

    return make
