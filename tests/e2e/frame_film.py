"""A film that tells which frame it is: sixteen columns, black or white, are the bits of the frame number.

Its tone sounds in every even second and is silent in every odd one, so its edges tell the sound's time as exactly.
"""

import subprocess
from pathlib import Path

from matinee.media.binaries import find_binaries

RATE = 25
BITS = 16


def make_frame_film(file: Path, *, seconds: int, size: str = "640x360", rate: int = RATE) -> Path:
    """Writes the film: H.264 and AAC in mp4."""
    bits = "geq=lum='16+219*mod(floor(N/pow(2,X)),2)':cb=128:cr=128"
    picture = f"color=black:s={BITS}x9:r={rate}:d={seconds},{bits},scale={size.replace('x', ':')}:flags=neighbor"
    sound = f"aevalsrc='0.5*sin(2*PI*880*t)*lt(mod(t,2),1)':s=48000:d={seconds}"
    command = [find_binaries().ffmpeg, "-y", "-loglevel", "error", "-nostdin"]
    command += ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound]
    command += ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-c:a", "aac", str(file)]
    subprocess.run(command, check=True)
    return file


def frame_number(columns: list[int]) -> int:
    """The frame number from the brightness of the columns, 0 to 255 each."""
    return sum(1 << bit for bit, brightness in enumerate(columns) if brightness > 127)


def decode_frames(source: str, *, stream: int = 0) -> list[int]:
    """The frame number on screen at every 1/25 s of a file or playlist, from second 0 of its presentation."""
    raw = _decode(
        source, ["-map", f"0:v:{stream}", "-vf", f"fps={RATE}:start_time=0,scale={BITS}:1:flags=area,format=gray"]
    )
    return [frame_number(list(raw[start : start + BITS])) for start in range(0, len(raw), BITS)]


def decode_tone_edges(source: str) -> list[float]:
    """The seconds at which the tone begins or ends, without its beginning at 0."""
    raw = _decode(
        source, ["-map", "0:a:0", "-ac", "1", "-ar", "48000", "-af", "aresample=async=1:first_pts=0", "-f", "s16le"]
    )
    samples = memoryview(raw).cast("h")
    window = 48  # a millisecond
    loud = [max(map(abs, samples[i : i + window])) > 3000 for i in range(0, len(samples) - window, window)]
    smooth = [sum(loud[max(0, i - 3) : i + 4]) > 3 for i in range(len(loud))]
    return [i / 1000 for i in range(1, len(smooth)) if smooth[i] != smooth[i - 1] and i > 100]


def _decode(source: str, options: list[str]) -> bytes:
    if "-f" not in options:
        options = [*options, "-f", "rawvideo"]
    command = [find_binaries().ffmpeg, "-loglevel", "warning", "-nostdin", "-i", source, *options, "-"]
    done = subprocess.run(command, check=False, capture_output=True)
    complaints = done.stderr.decode()
    assert (done.returncode, complaints) == (0, "")
    return done.stdout
