"""How players are told: lines of HLS playlists, elements of DASH manifests, `pssh` boxes. Pure."""

from __future__ import annotations

import struct
from base64 import b64encode
from uuid import UUID
from xml.etree.ElementTree import Element

from ..boxes import full_box
from .model import SampleEncryption, Track

LICENCE = "licence"
"""Where players ask for keys, beside the master playlist and the manifest."""

_COMMON_SYSTEM = UUID("1077efec-c0b2-4d02-ace3-3c1e52e2fb4b")  # of the W3C: `cenc` initialization data
_CLEARKEY_SYSTEM = UUID("e2719d58-a985-b3c9-781a-b030af78d30e")
_CLEARKEY = "org.w3.clearkey"
_METHODS = {"cenc": "SAMPLE-AES-CTR", "cbcs": "SAMPLE-AES"}
_PROTECTION = "urn:mpeg:dash:mp4protection:2011"


def common_pssh(*kids: bytes) -> bytes:
    """The box that makes a browser ask for these keys."""
    return full_box(b"pssh", 1, 0, _COMMON_SYSTEM.bytes, struct.pack(">I", len(kids)), *kids, struct.pack(">I", 0))


def segments_line(uri: str) -> str:
    """HLS: the key of segments that are encrypted as wholes. Their number is the initialization vector."""
    return f'#EXT-X-KEY:METHOD=AES-128,URI="{uri}"'


def samples_line(encryption: SampleEncryption, track: Track) -> str:
    """HLS: the key of a rendition's samples, for the ClearKey of browsers."""
    kid = b64encode(encryption.key_of(track).kid).decode()
    uri = f"data:application/octet-stream;base64,{kid}"
    method = _METHODS[encryption.scheme]
    return f'#EXT-X-KEY:METHOD={method},URI="{uri}",KEYFORMAT="{_CLEARKEY}",KEYFORMATVERSIONS="1"'


def add_protection(adaptation: Element, encryption: SampleEncryption) -> None:
    """DASH: the key of an adaptation set, before all else that it says.

    Not where licences are to be had: players take a relative address there for one beside their page, and an absolute
    one would lead past whatever stands before ours. It is for the player to be told.
    """
    track: Track = "audio" if adaptation.get("contentType") == "audio" else "video"
    default = {
        "schemeIdUri": _PROTECTION,
        "value": encryption.scheme,
        "xmlns:cenc": "urn:mpeg:cenc:2013",
        "cenc:default_KID": str(UUID(bytes=encryption.key_of(track).kid)),
    }
    clearkey = Element("ContentProtection", {"schemeIdUri": f"urn:uuid:{_CLEARKEY_SYSTEM}", "value": "ClearKey1.0"})
    adaptation[:0] = [Element("ContentProtection", default), clearkey]
