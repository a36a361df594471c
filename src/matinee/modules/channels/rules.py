"""What a channel may be called: pure decisions over plain values."""

import re
import unicodedata
from typing import Literal
from uuid import UUID

Kind = Literal["user", "team"]
Picture = Literal["avatar", "banner"]

SIZES: dict[Picture, tuple[int, int]] = {"avatar": (320, 320), "banner": (1600, 400)}
"""Pixels: a face beside a name on a screen of any density, and what spans a page."""

KEPT_DAYS = 30  # so long a former handle is nobody else's, and leads to the channel
MOST_KEPT = 3  # former handles of a channel: else one account could take a word a minute
MOST_LINKS = 10

HANDLE = "[A-Za-z0-9][A-Za-z0-9._-]{1,28}[A-Za-z0-9]"
_RESERVED = """
about account accounts admin administration administrator all anonymous anyone api auth channel channels everyone
help here home login logout matinee me mine moderator moderators null official owner playlist playlists register root
search security server settings signin signup staff subscriptions support system team teams undefined user users video
videos watch webmaster you
"""
RESERVED = frozenset(_RESERVED.split())
"""What would be taken for the server itself, for everybody, or for an address of it."""

_LONGEST = 30


def suggestions(name: str, account_id: UUID) -> list[str]:
    """Handles after an account's name, the best first; the last one is not taken but by intent."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[: _LONGEST - 9].strip("-") or "channel"
    numbered = [f"{stem}-{number}" for number in range(2, 6)]
    candidates = [stem, *numbered, f"{stem}-{account_id.hex[:8]}"]
    return [handle for handle in candidates if re.fullmatch(HANDLE, handle) and handle not in RESERVED]


def picture_path(channel_id: UUID, kind: Picture, version: str | None) -> str | None:
    """Where a version of a picture is: another address for each."""
    return None if version is None else f"/api/v1/channels/{channel_id}/pictures/{kind}?v={version}"
