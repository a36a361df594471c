"""Films made by the real FFmpeg for one test run: small, and each frame carries its number in plain sight.

The upper half of a counted film is eight blocks, black or white: the frame's number in binary, lowest bit left. It
survives scaling and any codec, so a decoded rendition tells exactly which source frames it shows.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from matinee.media.binaries import find_binaries

WIDTH, HEIGHT, RATE = 320, 180, 25


def ffmpeg(*arguments: str) -> None:
    """Run FFmpeg as a film maker would; its complaints fail the test."""
    command = [find_binaries().ffmpeg, "-v", "error", "-nostdin", "-y", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def counted_picture(frames: int, rate: str = str(RATE), width: int = WIDTH, height: int = HEIGHT) -> list[str]:
    """Input arguments of a picture whose frames are numbered."""
    block = width // 8
    bits = ",".join(
        f"drawbox=x={block * bit}:y=0:w={block}:h={height // 2}:color=white:t=fill"
        f":enable='gte(mod(floor(n/{1 << bit}),2),1)'"
        for bit in range(8)
    )
    clear = f"drawbox=x=0:y=0:w={width}:h={height // 2}:color=black:t=fill"
    source = f"testsrc2=s={width}x{height}:r={rate},trim=end_frame={frames},{clear},{bits}"
    return ["-f", "lavfi", "-i", source]


def tone(seconds: float, layout: str = "stereo") -> list[str]:
    """Input arguments of a steady sound."""
    return ["-f", "lavfi", "-i", f"sine=440:r=48000:d={seconds},aformat=channel_layouts={layout}"]


def flash_and_beep(seconds: float, moments: tuple[float, ...], rate: str = str(RATE)) -> list[str]:
    """Input arguments of a black picture and silence, but for a white frame and a beep at each moment."""
    flashes = "+".join(f"between(t,{at}-0.001,{at}+0.079)" for at in moments)
    beeps = "+".join(f"between(t,{at},{at}+0.08)" for at in moments)
    picture = (
        f"color=black:s={WIDTH}x{HEIGHT}:r={rate}:d={seconds},"
        f"drawbox=x=0:y=0:w={WIDTH}:h={HEIGHT}:color=white:t=fill:enable='{flashes}'"
    )
    sound = f"aevalsrc='0.8*sin(2*PI*1000*t)*({beeps})':s=48000:d={seconds},aformat=channel_layouts=stereo"
    return ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound]


def decode(*arguments: str) -> bytes:
    """Decode to standard output; any warning of the decoder fails the test."""
    command = [find_binaries().ffmpeg, "-v", "warning", "-nostdin", *arguments, "pipe:1"]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b"", done.stderr.decode()
    return done.stdout


def frame_numbers(film: Path) -> list[int]:
    """The numbers that the frames of a counted film show, modulo 256."""
    shrink = "crop=iw:ih/4:0:ih/8,scale=8:8:flags=area,format=gray"
    rows = decode("-i", str(film), "-vf", shrink, "-fps_mode", "passthrough", "-f", "rawvideo")
    return [sum((rows[at + bit] > 127) << bit for bit in range(8)) for at in range(0, len(rows), 64)]


def brightness(film: Path) -> bytes:
    """The mean luma of each frame."""
    shrink = "scale=8:8:flags=area,format=gray"
    return decode("-i", str(film), "-vf", shrink, "-fps_mode", "passthrough", "-f", "rawvideo")[::64]


def samples(film: Path) -> list[int]:
    """The sound at 48 kHz, mono, 16 bit."""
    sound = decode("-i", str(film), "-ac", "1", "-ar", "48000", "-f", "s16le")
    return list(memoryview(sound).cast("h"))


def stream_facts(film: Path, *fields: str) -> list[str]:
    """Fields of the first stream, as ffprobe prints them."""
    values = []
    for field in fields:
        command = [
            find_binaries().ffprobe, "-v", "error", "-count_packets",
            "-show_entries", f"stream={field}", "-of", "csv=p=0", str(film),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        values.append(done.stdout.strip().strip(","))
    return values


def frame_hashes(film: Path, stream: str, *options: str) -> list[str]:
    """Each decoded frame's times, size and hash; with `-c copy` each packet's."""
    listed = decode("-i", str(film), "-map", f"0:{stream}", *options, "-fps_mode", "passthrough", "-f", "framemd5")
    return [line for line in listed.decode().splitlines() if not line.startswith("#")]
