"""The keys of encrypted videos: none is stored, all follow from the server's key. Pure.

A key's version is part of what it is derived from, so that new keys cost a number; and what tells versions apart is
part of the addresses of all that is encrypted, so that no cache ever mixes two.
"""

import hmac
from collections.abc import Callable, Sequence
from typing import Protocol
from uuid import UUID

import msgspec

from matinee.common.keys.ring import Keys
from matinee.media.encryption.model import BLOCK, ContentKey, SampleEncryption, Scheme, Track
from matinee.media.encryption.signals import common_pssh, samples_line, segments_line
from matinee.media.model import AudioRendition, Plan, without
from matinee.modules.videos.rules import Encryption

_TRACKS: Sequence[Track] = ("video", "audio")
_MARK_BYTES = 6
_PURPOSE = b"matinee content keys"
_REMEMBERED = 10_000  # videos; some 300 bytes each
# To be counted up with every change of which bytes are encrypted, or of how that is told (`media/encryption`):
# else one key, vector and address, which caches keep for ever, would stand for two cells.
_FORMAT = "2"
SEPARATOR = "."
"""Between the recipe and what encryption adds to it in addresses; no recipe has one."""


class Choice(msgspec.Struct, frozen=True):
    """How a video is encrypted."""

    video_id: UUID
    scheme: Scheme
    version: int


class Row(Protocol):
    """A video's row, whatever else it has."""

    @property
    def encryption(self) -> Encryption: ...
    @property
    def key_version(self) -> int: ...


def choice(video_id: UUID, row: Row) -> Choice | None:
    """What was chosen for a video; None where it is not encrypted."""
    return None if row.encryption == "none" else Choice(video_id, row.encryption, row.key_version)


def offered(plan: Plan, chosen: Choice) -> Plan:
    """The plan without the pictures that cannot be encrypted like this."""
    if chosen.scheme == "aes-128":
        return plan
    return without(plan, [rung.name for rung in plan.alternatives if rung.codec == "av1"])


class ContentKeys:
    """Derives what is to be known of a video's encryption (HKDF with SHA-256, RFC 5869)."""

    def __init__(self, keys: Keys, *, cells_per_key: int) -> None:
        self._keys = keys
        self._roots: dict[Choice, bytes] = {}
        self.cells_per_key = cells_per_key
        """Of `aes-128`: how many cells in a row share a key."""

    async def learn(self, chosen: Choice | None) -> None:
        """Has at hand what all of a video's keys follow from, and the rest of this asks for."""
        if chosen is not None and chosen not in self._roots:
            self._keep(chosen, await self._keys.derive(_PURPOSE, _about(chosen)))

    def address(self, recipe: str, chosen: Choice | None) -> str:
        """How addresses name the recipe: where all that is encrypted like this lies, and nothing else ever does."""
        if chosen is None:
            return recipe
        return f"{recipe}{SEPARATOR}{self.mark(chosen)}"

    def mark(self, chosen: Choice | None) -> str:
        """What tells in addresses how a video is encrypted; `clear` of one that is not, whose addresses are bare."""
        if chosen is None:
            return "clear"
        mark = self._derive(chosen, "address", str(self.cells_per_key))[:_MARK_BYTES].hex()
        return f"{chosen.scheme}-{mark}"

    def of_samples(self, chosen: Choice) -> SampleEncryption | None:
        """How the samples of a video are encrypted; None where they are not, one by one."""
        if chosen.scheme == "aes-128":
            return None
        video, audio = (self._content_key(chosen, track) for track in _TRACKS)
        return SampleEncryption(chosen.scheme, video, audio, pssh=common_pssh(video.kid, audio.kid))

    def of_segments(self, chosen: Choice, recipe: str, rendition: str, period: int) -> bytes:
        """The key of some cells in a row, each of which is encrypted as a whole; `period` counts the keys."""
        return self._derive(chosen, "segments", recipe, rendition, str(self.cells_per_key), str(period))[:BLOCK]

    def signals(self, chosen: Choice | None, plan: Plan, rendition: str) -> Callable[[int], str] | None:
        """What gives the line of a media playlist that tells the key of a cell; None where there is none."""
        if chosen is None:
            return None
        samples = self.of_samples(chosen)
        if samples is not None:
            track: Track = "audio" if isinstance(plan.rendition(rendition), AudioRendition) else "video"
            line = samples_line(samples, track)
            return lambda _: line
        keys = f"../../keys/{plan.recipe}/{rendition}"
        return lambda cell: segments_line(f"{keys}/{cell // self.cells_per_key}")

    def _content_key(self, chosen: Choice, track: Track) -> ContentKey:
        kid, key, iv = (self._derive(chosen, what, track)[:BLOCK] for what in ("kid", "key", "iv"))
        return ContentKey(kid, key, iv)

    def _derive(self, chosen: Choice, *what: str) -> bytes:
        root = self._roots.get(chosen) or self._keep(chosen, self._keys.derive_now(_PURPOSE, _about(chosen)))
        return hmac.digest(root, _about(chosen, *what) + b"\1", "sha256")

    def _keep(self, chosen: Choice, root: bytes) -> bytes:
        self._roots[chosen] = root
        if len(self._roots) > _REMEMBERED:
            del self._roots[next(iter(self._roots))]
        return root


def _about(chosen: Choice, *what: str) -> bytes:
    return "\0".join((_FORMAT, str(chosen.video_id), chosen.scheme, str(chosen.version), *what)).encode()
