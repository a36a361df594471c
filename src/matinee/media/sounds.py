"""How players are offered the sounds of a video: what each is called, and in which groups they stand."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from .model import AudioRendition, CopiedRendition, Plan, VideoRendition
from .names import unique_names

SURROUND_SIDE = 720
"""Smaller rungs come with stereo alone: whoever is down to them has no bits for more channels."""


class SoundGroup(msgspec.Struct, frozen=True):
    """Every sound once, in one quality. All groups list the same sounds in the same order."""

    name: str
    members: tuple[AudioRendition, ...]


def sound_groups(plan: Plan) -> list[SoundGroup]:
    """Stereo first, then 5.1 where at least one sound has it; a sound that has not stands there in stereo."""
    if not plan.sounds:
        return []
    groups = [SoundGroup("audio", plan.tracks)]
    if len(plan.tracks) < len(plan.sounds):
        groups.append(SoundGroup("surround", tuple(plan.surround(track.name) or track for track in plan.tracks)))
    return groups


def surround_rungs(plan: Plan) -> tuple[VideoRendition | CopiedRendition, ...]:
    """The rungs that are offered with more than stereo too: the large ones, else the largest."""
    large = tuple(rung for rung in plan.ladder if min(rung.width, rung.height) >= SURROUND_SIDE)
    return large or plan.ladder[-1:]


def sound_names(tracks: Sequence[AudioRendition]) -> list[str]:
    """A name for each that no other has."""
    return unique_names([track.title or track.language or "Sound" for track in tracks])
