"""Text tracks as playlists name them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

import msgspec

from ..names import unique_names
from .languages import UNKNOWN


class ListedTrack(msgspec.Struct, frozen=True):
    """A text track that players offer in their menu."""

    id: UUID
    kind: Literal["subtitles", "captions"]
    language: str
    """BCP 47."""
    name: str
    default: bool
    forced: bool
    machine_made: bool = False

    @property
    def known_language(self) -> str | None:
        return None if self.language == UNKNOWN else self.language


def menu_names(tracks: Sequence[ListedTrack]) -> list[str]:
    """A name for each that no other has, for players tell tracks apart by it; without what cannot be seen."""
    return unique_names([_visible(track.name) or track.known_language or "Subtitles" for track in tracks])


def _visible(name: str) -> str:
    return "".join(filter(str.isprintable, name)).strip()


def choose_track(tracks: Sequence[ListedTrack], language: str | None) -> ListedTrack | None:
    """The track to read: in the language, or at least in a variety of it; what people wrote before a machine's.

    Without a language the default one, else the first. Forced ones hold a few words only and come last.
    """
    if language is not None:
        tracks = [track for track in tracks if track.language.split("-")[0] == language.split("-")[0]]

    def worse(track: ListedTrack) -> tuple[bool, ...]:
        return track.forced, track.language != language, not track.default, track.machine_made

    return min(tracks, key=worse, default=None)
