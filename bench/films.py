"""Films to upload, made once by FFmpeg and kept."""

import subprocess
from pathlib import Path

from bench.tables import progress
from matinee.media.binaries import find_binaries


def film(folder: Path, minutes: int) -> Path:
    """A film of 1080p, 30 frames a second, with sound, of 1 minute or of as many copies of it."""
    folder = folder / "films"
    folder.mkdir(exist_ok=True)
    file = folder / f"{minutes}min-1080p30.mp4"
    if file.exists():
        return file
    unfinished = file.with_suffix(".part.mp4")
    if minutes == 1:
        progress("making a film of 1 minute, 1080p30; it is kept for the next run")
        made = [
            "-f", "lavfi", "-i", "testsrc2=size=1920x1080:rate=30:duration=60",
            "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=60",
            "-c:v", "libx264", "-preset", "ultrafast", "-g", "60", "-pix_fmt", "yuv420p", "-c:a", "aac",
        ]  # fmt: skip
    else:
        made = ["-stream_loop", str(minutes - 1), "-i", str(film(folder.parent, 1)), "-c", "copy"]
    command = [find_binaries().ffmpeg, "-y", "-v", "error", "-nostdin", *made, "-movflags", "+faststart"]
    subprocess.run([*command, str(unfinished)], check=True)
    unfinished.rename(file)
    return file


def long_film(folder: Path) -> Path:
    """A film of 2 h and about 5 GB, 1080p at 30 frames a second with a keyframe every 2 s, with its index first."""
    folder = folder / "films"
    folder.mkdir(exist_ok=True)
    file = folder / "2h-5gb.mp4"
    if file.exists():
        return file
    progress("making a film of 2 h; it is kept for the next run")
    minute, unfinished = folder / "minute.part.mp4", file.with_suffix(".part.mp4")
    ffmpeg = [find_binaries().ffmpeg, "-y", "-v", "error", "-nostdin"]
    bits = ["-b:v", "5500k", "-minrate", "5500k", "-maxrate", "5500k", "-bufsize", "5500k", "-nal-hrd", "cbr"]
    source = ["-i", str(film(folder.parent, 1)), "-c:v", "libx264", "-preset", "ultrafast", "-g", "60"]
    subprocess.run([*ffmpeg, *source, *bits, "-c:a", "copy", str(minute)], check=True)
    copies = ["-stream_loop", "119", "-i", str(minute), "-c", "copy", "-movflags", "+faststart"]
    subprocess.run([*ffmpeg, *copies, str(unfinished)], check=True)
    minute.unlink()
    unfinished.rename(file)
    return file
