"""How FFmpeg and ffprobe may open a source: by which protocol, which demuxers, and through which hole.

The demuxer list is what stops a playlist renamed `.mp4`: FFmpeg looks at content, not names, and would follow an
HLS playlist or an ffconcat script to any file or address it names.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from .sandbox import Confinement

ALLOWED_DEMUXERS = (
    "mov",  # also mp4, m4a, 3gp
    "matroska",  # also webm
    "mpegts",
    "avi",
    "mpeg",
    "flv",
    "asf",
    "ogg",
    "mp3",
    "wav",
    "flac",
    "aac",
)
"""Containers that hold their own media and refer to nothing else. Never hls, dash, concat, sdp, image2."""

REQUEST_BYTES = 512 * 1024
"""What FFmpeg asks of an address at a time. Without it a request goes on to the end of the file, and what the
sockets hold when FFmpeg seeks elsewhere, several megabytes, was fetched for nothing."""

MAX_ALLOC_BYTES = 1 << 30  # one allocation; a decoder of a legal 8K picture stays under it


def is_url(source: str) -> bool:
    """Whether a source is an address rather than a path."""
    return "://" in source


def input_guards(source: str, demuxers: tuple[str, ...], max_pixels: int) -> list[str]:
    """The flags that go before `-i`: nothing but the given demuxers over the one protocol that is needed."""
    guards = [
        "-protocol_whitelist", "http,tcp" if is_url(source) else "file",
        "-format_whitelist", ",".join(demuxers),
        "-max_pixels", str(max_pixels),  # a decoder refuses larger pictures before it allocates them
    ]  # fmt: skip
    if is_url(source):
        guards += [
            "-seekable", "1",  # our range server seeks; probing for it would cost a request
            "-multiple_requests", "1",  # keep the connection between ranges
            "-request_size", str(REQUEST_BYTES),
            "-rw_timeout", "30000000",  # microseconds without a byte before the input counts as lost
        ]  # fmt: skip
    return guards


def input_name(source: str) -> str:
    """The source as the `-i` argument; a path is marked as one, so that a colon in it is no protocol."""
    return source if is_url(source) else f"file:{Path(source).resolve()}"


def confinement(program: str, source: str) -> Confinement:
    """What a program that reads this source may touch: the file, or the one port; it writes nowhere."""
    if not is_url(source):
        return Confinement(program, read=(str(Path(source).resolve()),))
    address = urlsplit(source)
    if address.scheme != "http" or address.hostname != "127.0.0.1" or address.port is None:
        raise ValueError("a source is a path or an http://127.0.0.1:<port>/ address")
    return Confinement(program, connect_port=address.port)


_LOST_ADDRESS = (
    "Connection refused",
    "Connection reset",
    "Connection timed out",
    "Operation timed out",
    "Stream ends prematurely",
    "Server returned",
)


def input_was_lost(source: str, said: str) -> bool:
    """Whether what FFmpeg said means that the address stopped answering, which is not the film's fault."""
    return is_url(source) and any(sign in said for sign in _LOST_ADDRESS)
