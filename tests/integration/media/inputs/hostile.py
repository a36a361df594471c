"""Files that are not what they say, files that become huge, and names."""

from __future__ import annotations

from pathlib import Path

from ..films import counted_picture, ffmpeg
from .case import Case, Failed, Ready, Refused
from .hostile_files import SCRIPTS, archive, claiming, elsewhere, linked, nested, sized
from .making import (
    COPYING,
    H264_AAC,
    PCM,
    X264,
    changed,
    coded,
    filmed,
    referring,
    scaled,
    written,
)
from .reasons import STEADY


def ten_hours(path: Path) -> None:
    """A picture every two seconds, all alike."""
    base = path.parent / "base.mp4"
    bare = ["-bsf:v", "filter_units=remove_types=6"]  # x264 describes itself in each keyframe: more than all the rest
    ffmpeg("-f", "lavfi", "-i", "color=black:s=64x64:r=1/2:d=20", *X264, "-g", "5", *bare, str(base))
    ffmpeg("-stream_loop", "1799", "-i", str(base), "-c", "copy", str(path))


def eight_k(path: Path) -> None:
    """Four pictures of 7680 × 4320, all alike."""
    ffmpeg("-f", "lavfi", "-i", "color=black:s=7680x4320:r=2:d=2", *X264, "-coder", "1", str(path))


def on_disk(name: str) -> str:
    """The name, where a disk can have it."""
    return name if name != ".." and len(name.encode()) <= 255 else "film.mp4"


DISGUISES = [
    Case(
        "Disguises",
        "an empty file",
        "film.mp4",
        written(b""),
        Failed("empty_file"),
        announced=Refused("filesize", "A file has a byte at least."),
    ),
    *(
        Case("Disguises", kind, "film.mp4", referring(script), Failed("not_a_video"))
        for kind, script in SCRIPTS.items()
    ),
    Case("Disguises", "random bytes", "film.mp4", written(bytes(range(7, 256)) * 999), Failed("not_a_video")),
    *(
        Case(
            "Disguises",
            f"a {kind.upper()} picture",
            "film.mp4",
            filmed(*counted_picture(1), "-frames:v", "1", "-update", "1", "-f", "image2", "-c:v", codec),
            Failed("not_a_video"),
        )
        for kind, codec in (("png", "png"), ("jpeg", "mjpeg"))
    ),
    Case("Disguises", "a zip archive", "film.mp4", written(archive("film.mp4", b"0" * 5000)), Failed("not_a_video")),
    Case(
        "Disguises",
        "a PDF",
        "film.mp4",
        written(b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n%%EOF\n" * 20),
        Failed("not_a_video"),
    ),
    Case(
        "Disguises",
        "MP4 whose media is in another file, by alias",
        "film.mov",
        changed([*X264, *PCM], ".mov", elsewhere("/etc/passwd")),
        Failed("source_truncated"),
    ),
    Case(
        "Disguises",
        "MP4 whose media is in another file, by URL",
        "film.mov",
        changed([*X264, *PCM], ".mov", linked("/etc/passwd")),
        Failed("source_truncated"),
    ),
]

BOMBS = [
    Case(
        "Bombs",
        "a header that says 16384 × 16384",
        "film.mov",
        changed(["-an", *scaled(32, 32), "-c:v", "rawvideo", "-pix_fmt", "rgb24"], ".mov", sized(16384, 16384)),
        Failed("too_many_pixels"),
    ),
    Case(
        "Bombs",
        "a header that says 0 × 0",
        "film.mov",
        changed(["-an", *scaled(32, 32), "-c:v", "rawvideo", "-pix_fmt", "rgb24"], ".mov", sized(0, 0)),
        Failed("source_damaged"),
    ),
    Case(
        "Bombs",
        "8K in 99 kB",
        "film.mp4",
        eight_k,
        Ready((3840, 2160), 2, None, None, (STEADY.format(2, 5),)),
        at_most=99_000,
    ),
    Case(
        "Bombs",
        "10 hours in half a megabyte",
        "film.mp4",
        ten_hours,
        Ready((64, 64), 36000, None, None, (STEADY.format(0.5, 5),)),
        at_most=500_000,
    ),
    Case(
        "Bombs",
        "100 hours in three pictures",
        "film.mp4",
        filmed(
            *counted_picture(3),
            "-vf",
            "setpts=N*180000/TB",
            "-fps_mode",
            "vfr",
            "-video_track_timescale",
            "1000",
            *X264,
        ),
        Failed("too_long"),
    ),
    Case(
        "Bombs",
        "an index of four billion samples in 100 bytes",
        "film.mov",
        changed([*X264, *PCM], ".mov", claiming(2**32 - 1)),
        Failed("source_truncated"),
    ),
    Case("Bombs", "boxes 10,000 deep", "film.mp4", written(nested(10_000)), Failed("not_a_video")),
]

NO_PATH = Refused("filename", "A name has no control characters, and no slash or backslash: it is no path.")
TOO_LONG = Refused("filename", "A name has 255 characters at most.")

NAMES = [
    *(
        Case("Names", name, on_disk(name), coded(*H264_AAC), COPYING)
        for name in (
            "concat:a|b.mp4",
            "-i.mp4",
            "a'b\"c`$(id).mp4",
            "%d%s%n.mp4",
            "фильм 映画 🎬.mp4",
            "..",
            "a" * 250 + ".mp4",
            "🎬" * 251 + ".mp4",
        )
    ),
    *(
        Case("Names", name, "film.mp4", coded(*H264_AAC), refused)
        for name, refused in (
            ("line\nbreak.mp4", NO_PATH),
            ("../../etc/passwd", NO_PATH),
            ("C:\\film.mp4", NO_PATH),
            ("a" * 252 + ".mp4", TOO_LONG),
        )
    ),
]
