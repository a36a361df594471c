"""Shapes, pixels and frame rates."""

from __future__ import annotations

from ..films import HEIGHT, WIDTH, flash_and_beep
from .case import Case, Make, Ready
from .making import (
    AAC,
    COPYING,
    H264_AAC,
    MOMENTS,
    OPUS,
    SECONDS,
    SHOWN,
    VP9,
    X264,
    X265,
    again,
    coded,
    filmed,
    scaled,
)
from .reasons import COPIED, HDR, INTERLACED, MIRRORED, STEADY, TURNED

PICTURES = [
    Case(
        "Pictures", "portrait", "film.mp4", coded(*scaled(90, 160), *H264_AAC), Ready(size=(90, 160), said=(COPIED,))
    ),
    *(
        Case(
            "Pictures",
            f"turned by {angle}° in its header",
            "film.mp4",
            again(H264_AAC, ".mp4", "-display_rotation", str(-angle), "-i", "{}", "-c", "copy"),
            Ready(size=(HEIGHT, WIDTH) if angle % 180 else (WIDTH, HEIGHT), said=(TURNED.format(angle), COPIED)),
        )
        for angle in (90, 180, 270)
    ),
    Case(
        "Pictures",
        "mirrored in its header",
        "film.mp4",
        again(H264_AAC, ".mp4", "-display_hflip", "-i", "{}", "-c", "copy"),
        Ready(said=(MIRRORED, COPIED)),
    ),
    Case(
        "Pictures",
        "anamorphic",
        "film.mp4",
        coded("-vf", "setsar=4/3", *H264_AAC),
        Ready(size=(426, 180), said=(COPIED,)),
    ),
    Case(
        "Pictures",
        "interlaced",
        "film.ts",
        coded("-vf", "setfield=tff", "-flags", "+ilme+ildct", "-c:v", "mpeg2video", "-q:v", "3", "-c:a", "mp2"),
        Ready(said=(INTERLACED,)),
    ),
    Case("Pictures", "16 × 16", "film.mp4", coded(*scaled(16, 16), *H264_AAC), Ready(size=(16, 16), said=(COPIED,))),
    Case(
        "Pictures",
        "853 × 481, odd sides",
        "film.mkv",
        coded(*scaled(853, 481), "-c:v", "ffv1", *OPUS),
        Ready(size=(852, 480)),
    ),
    Case(
        "Pictures",
        "4:2:2",
        "film.mp4",
        coded("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv422p", *AAC),
        COPYING,
    ),
    Case(
        "Pictures",
        "4:4:4",
        "film.mp4",
        coded("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv444p", *AAC),
        COPYING,
    ),
    Case("Pictures", "RGB", "film.mp4", coded("-c:v", "libx264rgb", "-preset", "ultrafast", *AAC), COPYING),
    Case(
        "Pictures",
        "grey",
        "film.mp4",
        coded("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "gray", *AAC),
        COPYING,
    ),
    Case(
        "Pictures",
        "10 bits",
        "film.mp4",
        coded("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", *AAC),
        COPYING,
    ),
    Case("Pictures", "12 bits", "film.mp4", coded(*X265, "-pix_fmt", "yuv420p12le", *AAC), COPYING),
    Case(
        "Pictures",
        "full range",
        "film.mp4",
        coded("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuvj420p", *AAC),
        COPYING,
    ),
    Case("Pictures", "alpha in VP9", "film.webm", coded(*VP9, "-pix_fmt", "yuva420p", *OPUS), SHOWN),
    *(
        Case(
            "Pictures",
            name,
            "film.mp4",
            coded(
                "-vf",
                f"setparams=color_primaries=bt2020:color_trc={transfer}:colorspace=bt2020nc:range=tv",
                *X265,
                "-pix_fmt",
                "yuv420p10le",
                "-color_primaries",
                "bt2020",
                "-color_trc",
                transfer,
                "-colorspace",
                "bt2020nc",
                *AAC,
            ),
            Ready(said=(HDR, COPIED)),
        )
        for name, transfer in (("HDR10", "smpte2084"), ("HLG", "arib-std-b67"))
    ),
]


def at_rate(rate: str, *arguments: str) -> Make:
    """The flashing film with so many pictures a second."""
    return filmed(*flash_and_beep(SECONDS, MOMENTS, rate), *arguments)


RATES = [
    Case("Frame rates", "29.97", "film.mp4", at_rate("30000/1001", *H264_AAC), Ready(said=(COPIED,))),
    Case("Frame rates", "23.976", "film.mp4", at_rate("24000/1001", *H264_AAC), Ready(said=(COPIED,), within=0.05)),
    Case("Frame rates", "120", "film.mp4", at_rate("120", *H264_AAC), Ready(said=(STEADY.format(120, 60), COPIED))),
    Case(
        "Frame rates",
        "1 a second",
        "film.mp4",
        filmed(*flash_and_beep(6.0, (2.0, 4.0), "1"), *H264_AAC),
        Ready(seconds=6, flashes=(2.0, 4.0), beeps=(2.0, 4.0), said=(STEADY.format(1, 5), COPIED), within=0.2),
    ),
    Case(
        "Frame rates",
        "17.3",
        "film.mkv",
        at_rate("17.3", *X264, *OPUS),
        Ready(said=(STEADY.format(17.3, 20),), within=0.06),
    ),
    Case(
        "Frame rates",
        "variable",
        "film.mkv",
        coded("-vf", "select='not(mod(n,3))+lt(n,25)+between(t,2.1,2.4)'", "-fps_mode", "vfr", *X264, *OPUS),
        Ready(seconds=2.92),
    ),
]
