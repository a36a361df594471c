"""What the encryption of a video is made of."""

from __future__ import annotations

from typing import Literal

import msgspec

BLOCK = 16
"""Bytes that AES works on, of its key and of an initialization vector here."""

SampleScheme = Literal["cenc", "cbcs"]
Scheme = Literal["aes-128", "cenc", "cbcs"]
Track = Literal["video", "audio"]


class NotEncryptable(Exception):
    """Samples of this codec cannot be encrypted one by one here."""


class ContentKey(msgspec.Struct, frozen=True):
    """A key, and what players ask for it by."""

    kid: bytes
    key: bytes
    iv: bytes
    """Of `cbcs`, where it is the same for every sample."""


class SampleEncryption(msgspec.Struct, frozen=True):
    """How the samples of a video are encrypted."""

    scheme: SampleScheme
    video: ContentKey
    audio: ContentKey
    pssh: bytes = b""
    """Boxes for licence servers, as they stand in init segments."""

    def key_of(self, track: Track) -> ContentKey:
        """The key of pictures, or that of sounds."""
        return self.video if track == "video" else self.audio
