"""What is shown in the place of what a video showed before. Pure."""

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction

import msgspec
from msgspec.structs import replace

from matinee.media.clips import fit_sound, trim
from matinee.media.model import AudioRendition, Plan, Rendition, Watermark

_FORMER_EDITION = re.compile(r"-[0-9]+\Z")  # what is before it is the recipe, and perhaps the encoder


def successor(film: Plan, made: Plan, edition: int, *, derived: bool, same_file: bool) -> Plan:
    """The plan of the video when `made` takes the place of `film`, with all that is added to it now.

    `derived`: it was made from the film's plan, which may have got other sounds meanwhile. Sounds that were added go
    on to the new picture: they begin with it, or with what they began with where it is the same file.
    """
    sounds = _sounds_as_left(film, made) if derived else _sounds_with_added(film, made, same_file=same_file)
    # other object keys and other addresses than those of before: nothing of the two is ever mixed
    recipe = f"{_FORMER_EDITION.sub('', made.recipe)}-{edition}"
    return replace(made, sounds=sounds, recipe=recipe)


def frames_left(film: Plan, made: Plan) -> range:
    """Which frames of the film are left in a plan that was made from its plan."""
    first = made.grid.skipped_frames - film.grid.skipped_frames
    return range(first, first + made.grid.frames)


def _sounds_as_left(film: Plan, made: Plan) -> tuple[AudioRendition, ...]:
    frames = frames_left(film, made)
    return film.sounds if frames == range(film.grid.frames) else trim(film, frames).sounds


def _sounds_with_added(film: Plan, made: Plan, *, same_file: bool) -> tuple[AudioRendition, ...]:
    start = shown_again(film) if same_file else Fraction(0)
    added = tuple(fit_sound(sound, film.grid, made.grid, -start) for sound in film.sounds if sound.file is not None)
    # what plays unless another is chosen stays that, in every number of channels
    first = [sound for sound in added if (sound.surround_of or sound.name) == film.sounds[0].name]
    return (*first, *made.sounds, *(sound for sound in added if sound not in first))


def shown_again(film: Plan) -> Fraction:
    """Seconds before the first picture of a film that come back when its whole file is shown."""
    return film.grid.skipped_frames / film.grid.rate.fraction


def lasting(made: Plan, plan: Plan, names: Sequence[str]) -> list[str]:
    """Those of the renditions of `made` whose cells are those of `plan`, too, whatever they are called."""
    before, after = _said_nothing_of(made), _said_nothing_of(plan)
    return [name for name in names if name in after and before[name] == after[name]]


def _said_nothing_of(plan: Plan) -> Mapping[str, Rendition]:
    return {
        rendition.name: replace(rendition, language=None, title="")
        if isinstance(rendition, AudioRendition)
        else rendition
        for rendition in plan.renditions
    }


def wanted_watermark(choice: str | None, film: Plan) -> Watermark | None:
    """What a video is to have, by what its owner chose (JSON): where that is nothing, what it has."""
    return film.watermark if choice is None else msgspec.json.decode(choice, type=Watermark | None)
