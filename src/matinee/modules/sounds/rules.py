"""What becomes of a plan when its sounds change. Pure: a new plan, never a changed one."""

from collections.abc import Sequence

from msgspec import UNSET
from msgspec.structs import replace

from matinee.media.captions.languages import UNKNOWN, canonical_language
from matinee.media.model import AudioRendition, Plan
from matinee.modules.sounds.schemas import SoundChange
from matinee.modules.uploads.rules import MIB, PART_SIZE

MOST_SOUNDS = 32  # a video; every one of them stands in its playlists
MOST_PARTS = 100  # of a file: their addresses fit into one answer


def part_size(filesize: int) -> int:
    """Bytes of each part, a whole number of MiB."""
    return max(PART_SIZE, -(-filesize // (MOST_PARTS * MIB)) * MIB)


def known_language(tag: str) -> str | None:
    """The tag as it stands in a plan."""
    language = canonical_language(tag) or UNKNOWN
    return None if language == UNKNOWN else language


def renditions_of(plan: Plan, name: str) -> list[AudioRendition]:
    """A sound in every number of channels it is offered with; none where the plan has no such sound."""
    return [sound for sound in plan.sounds if (sound.surround_of or sound.name) == name]


def with_sound(plan: Plan, added: Sequence[AudioRendition], reasons: Sequence[str], *, default: bool) -> Plan:
    """The plan with one more sound: first where it is the default, else last."""
    sounds = (*added, *plan.sounds) if default else (*plan.sounds, *added)
    return replace(plan, sounds=sounds, reasons=(*plan.reasons, *reasons))


def without_sound(plan: Plan, name: str) -> Plan:
    """The plan without a sound; the next one is the default where this was it."""
    gone = renditions_of(plan, name)
    return replace(plan, sounds=tuple(sound for sound in plan.sounds if sound not in gone))


def changed(plan: Plan, name: str, change: SoundChange) -> Plan:
    """The plan with something else said of a sound. What is encoded stays as it is."""
    said: dict[str, str | None] = {}
    if change.language is not UNSET:
        said["language"] = known_language(change.language)
    if change.name is not UNSET:
        said["title"] = change.name
    mine = [replace(sound, **said) for sound in renditions_of(plan, name)]
    by_name = {sound.name: sound for sound in mine}
    if change.default is True:
        others = [sound for sound in plan.sounds if sound.name not in by_name]
        return replace(plan, sounds=(*mine, *others))
    return replace(plan, sounds=tuple(by_name.get(sound.name, sound) for sound in plan.sounds))
