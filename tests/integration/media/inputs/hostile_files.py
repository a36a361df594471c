"""Files that no camera writes, byte by byte."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable

SCRIPTS = {
    "an HLS playlist": "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{film}\n#EXT-X-ENDLIST\n",
    "an HLS playlist of an address": "#EXTM3U\n#EXTINF:5,\nhttp://127.0.0.1:1/x.ts\n#EXT-X-ENDLIST\n",
    "an ffconcat script": "ffconcat version 1.0\nfile '{film}'\n",
    "a DASH manifest": (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        'mediaPresentationDuration="PT5S" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period>'
        '<AdaptationSet contentType="video"><Representation id="1" bandwidth="1000">'
        "<BaseURL>{film}</BaseURL></Representation></AdaptationSet></Period></MPD>"
    ),
    "an SVG picture": '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="{film}"/></svg>',
    "a web page": "<!DOCTYPE html><html><body><video src='{film}'></video></body></html>",
    "an SDP description": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
    "text": "This is not a film.\n" * 100,
}
"""Texts that refer to a film, by what they are."""

Boxes = list[tuple[bytes, bytes]]
_HOLDERS = (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"stbl", b"edts")


def archive(name: str, content: bytes) -> bytes:
    """A zip with one file in it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        made.writestr(name, content)
    return packed.getvalue()


def box(kind: bytes, payload: bytes) -> bytes:
    """A box of an MP4 file."""
    return struct.pack(">I4s", 8 + len(payload), kind) + payload


def boxes(data: bytes) -> Boxes:
    """Kind and payload of the boxes that lie side by side in these bytes."""
    found, at = [], 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        found.append((kind, data[at + 8 : at + size]))
        at += size
    return found


def rewritten(data: bytes, kind: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """An MP4 with the payload of every box of a kind changed, and the sizes of those around it."""
    return b"".join(
        box(name, change(payload) if name == kind else rewritten(payload, kind, change))
        if name == kind or name in _HOLDERS
        else box(name, payload)
        for name, payload in boxes(data)
    )


def elsewhere(path: str) -> Callable[[bytes], bytes]:
    """An MP4 whose media is said to lie in another file: it keeps its index and none of its media."""
    # A data reference as QuickTime writes it: an alias record with the path in both of its spellings.
    name = path.encode()
    record = struct.pack(">IHHHB27s", 0, 0, 2, 0, 0, b"") + bytes(2 + 2 + 4)
    record += struct.pack(">IB63s", 0, len(name[:63]), name[:63]) + bytes(16 + 2 + 2 + 16)
    record += struct.pack(">hH", 2, len(name)) + name + b"\0" * (len(name) % 2)
    record += struct.pack(">hH", 18, len(name)) + name + b"\0" * (len(name) % 2) + struct.pack(">hH", -1, 0)
    alias = struct.pack(">II", 0, 1) + box(b"alis", struct.pack(">I", 0) + record)
    return lambda data: b"".join(
        box(kind, payload)
        for kind, payload in [*boxes(rewritten(data, b"dref", lambda _: alias)), (b"free", bytes(64))]
        if kind in (b"ftyp", b"moov", b"free")
    )


def linked(path: str) -> Callable[[bytes], bytes]:
    """The same, by a URL."""
    url = struct.pack(">II", 0, 1) + box(b"url ", struct.pack(">I", 0) + f"file://{path}".encode() + b"\0")
    return lambda data: b"".join(
        box(kind, payload)
        for kind, payload in boxes(rewritten(data, b"dref", lambda _: url))
        if kind in (b"ftyp", b"moov")
    )


def sized(width: int, height: int) -> Callable[[bytes], bytes]:
    """An MP4 of raw pictures that says it has another size."""

    def change(payload: bytes) -> bytes:
        entry = bytearray(payload)
        struct.pack_into(">HH", entry, 8 + 8 + 24, width, height)
        return bytes(entry)

    return lambda data: rewritten(data, b"stsd", change)


def claiming(samples: int) -> Callable[[bytes], bytes]:
    """An MP4 that claims to have so many samples in tables of a few bytes."""
    sizes = struct.pack(">III", 0, 1, samples)
    times = struct.pack(">IIII", 0, 1, samples, 1)
    return lambda data: rewritten(rewritten(data, b"stsz", lambda _: sizes), b"stts", lambda _: times)


def nested(depth: int) -> bytes:
    """Boxes in boxes."""
    data = b""
    for _ in range(depth):
        data = box(b"moov", data)
    return box(b"ftyp", b"isom\0\0\0\0isom") + data


def jumping(start: int, by: int) -> Callable[[bytes], bytes]:
    """An FLV whose clock jumps: what comes at a millisecond or later, in the file, says another time."""

    def change(data: bytes) -> bytes:
        changed, at = bytearray(data), 9 + 4  # behind the header and the size of the tag that is not before it
        while at < len(data):
            length, low, high = int.from_bytes(data[at + 1 : at + 4], "big"), data[at + 4 : at + 7], data[at + 7]
            moment = high << 24 | int.from_bytes(low, "big")
            if moment >= start:
                moment += by
                changed[at + 4 : at + 8] = (moment & 0xFFFFFF).to_bytes(3, "big") + bytes([moment >> 24])
            at += 11 + length + 4
        return bytes(changed)

    return change


def rotten(start: float, stop: float, filler: bytes = b"\xaa") -> Callable[[bytes], bytes]:
    """The bytes between two parts of the whole are overwritten."""

    def change(data: bytes) -> bytes:
        first, last = int(len(data) * start), int(len(data) * stop)
        return data[:first] + filler * (last - first) + data[last:]

    return change


def cut(start: float, stop: float) -> Callable[[bytes], bytes]:
    """Only the bytes between two parts of the whole are there."""
    return lambda data: data[int(len(data) * start) : int(len(data) * stop)]
