"""The ladder of one title: what the usual ladder becomes when it is known how hard the picture is. Pure.

Three things follow from what a few places of the film cost (see survey.py). The CRF rises where there is little fine
detail: that is what coarser steps lose first, and where it is seen first. The cap of each rung comes down to what the
hardest place needs, with room above it. And a rung goes that no connection has a use for: by their lower caps the
others serve, at every bit rate for which the usual ladder has a rung, at least as large a picture.

The figures rest on the clips of `bench/quality.py`; docs/ladder.md tells how they were found.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from .ladder import MIN_SAVING
from .model import Rate, VideoRendition

SURVEY_CRF = 23
"""At which a survey codes what it sees."""

SMALL_SIDE = 270
"""The shorter side, in pixels, of the whole picture that a survey codes."""

KEY_SHARE, REST_SHARE = 0.7, 0.2
"""Of the bits of the fastest encode what a rung takes, for a keyframe and for what follows it."""

MOST_CRF = 1
"""Steps of CRF above the usual where there is no fine detail."""

CRF_AN_OCTAVE = 1.0
"""Steps of CRF fewer for each time that a pixel of the picture costs twice what one of the shrunk picture does."""

HEADROOM = 2.0
"""Times the hardest place seen that a rung may take: there are harder ones between them."""

KEYFRAME_ROOM = 1.3
"""Times a keyframe that the rate buffer holds, else the first picture of each cell would be the poorest."""

LEAST_CAP = 0.5
"""Of the usual cap. What looked so easy everywhere may yet have a minute that is not."""

WIDEST_STEP = 4.0
"""Times the cap of a rung that the next may have. From there players would rather not climb."""

_LEAST = 1e-6  # bits a pixel; nothing at all has no logarithm
_KEYFRAME_SECONDS = 4  # a cell
_WORDS = ((1, "An easy picture"), (0, "A hard picture"))


class Cost(msgspec.Struct, frozen=True):
    """What a picture costs in bits a pixel."""

    key: float
    """A keyframe."""
    rest: float
    """Each frame after it."""


class Place(msgspec.Struct, frozen=True):
    """A place of the film."""

    small: Cost
    """The whole picture, shrunk to SMALL_SIDE."""
    detail: Cost
    """Its middle, not shrunk."""


class Survey(msgspec.Struct, frozen=True):
    """What was seen of a film."""

    side: int
    """The shorter side of its picture, in pixels."""
    places: tuple[Place, ...]
    """At least one."""


def fit(usual: Sequence[VideoRendition], seen: Survey, rate: Rate) -> tuple[tuple[VideoRendition, ...], str]:
    """The rungs for this title, lowest first, and a sentence that says what became of the usual ones."""
    capped = _capped(usual, seen, rate)
    kept = _useful(usual, _rising(capped))
    top = kept[-1].max_bit_rate / usual[-1].max_bit_rate
    names = {rung.name for rung in kept}
    left_out = [rung.name for rung in usual if rung.name not in names]
    return kept, _sentence(crf_steps(seen), top, left_out)


def expected_bits(rung: VideoRendition, seen: Survey, place: Place, rate: Rate) -> float:
    """Bits a second that the rung takes of a place, without a cap."""
    cost = _at(seen, place, min(rung.width, rung.height))
    each = REST_SHARE * cost.rest * float(rate.fraction) + KEY_SHARE * cost.key / _KEYFRAME_SECONDS
    return each * rung.width * rung.height


def crf_steps(seen: Survey) -> int:
    """How much higher the CRF may be than usual: MOST_CRF without fine detail, 0 where there is much of it."""
    fine = [math.log2(max(_LEAST, place.detail.key) / max(_LEAST, place.small.key)) for place in seen.places]
    return max(0, min(MOST_CRF, round(MOST_CRF - CRF_AN_OCTAVE * sum(fine) / len(fine))))


def _at(seen: Survey, place: Place, side: int) -> Cost:
    """The cost at a size: between the two that were seen as sizes lie between them, on logarithmic scales."""
    if seen.side <= SMALL_SIDE:
        return place.detail
    nearness = min(1.0, max(0.0, math.log(side / SMALL_SIDE) / math.log(seen.side / SMALL_SIDE)))
    return Cost(
        key=_between(place.small.key, place.detail.key, nearness),
        rest=_between(place.small.rest, place.detail.rest, nearness),
    )


def _between(small: float, detail: float, nearness: float) -> float:
    return math.exp((1 - nearness) * math.log(max(_LEAST, small)) + nearness * math.log(max(_LEAST, detail)))


def _capped(usual: Sequence[VideoRendition], seen: Survey, rate: Rate) -> list[VideoRendition]:
    steps = crf_steps(seen)
    rungs = []
    for rung in usual:
        needs = max(HEADROOM * expected_bits(rung, seen, place, rate) for place in seen.places)
        side = min(rung.width, rung.height)
        keyframe = max(_at(seen, place, side).key for place in seen.places) * rung.width * rung.height
        wanted = max(needs, KEYFRAME_ROOM * KEY_SHARE * keyframe, LEAST_CAP * rung.max_bit_rate)
        bits = min(rung.max_bit_rate, math.ceil(wanted / 1000) * 1000)
        rungs.append(replace(rung, crf=rung.crf + steps, max_bit_rate=bits, buffer_bits=bits))
    return rungs


def _rising(rungs: Sequence[VideoRendition]) -> list[VideoRendition]:
    """The rungs, where each saves what it has to save of the one above: else the cap above is raised again."""
    risen: list[VideoRendition] = []
    for rung in rungs:
        least = math.ceil(risen[-1].max_bit_rate / (1 - MIN_SAVING)) if risen else 0
        bits = max(rung.max_bit_rate, least)
        risen.append(replace(rung, max_bit_rate=bits, buffer_bits=bits))
    return risen


def _useful(usual: Sequence[VideoRendition], rungs: Sequence[VideoRendition]) -> tuple[VideoRendition, ...]:
    """The rungs without those that no connection misses, looked at from the second highest down."""
    kept = list(rungs)
    for rung in rungs[-2:0:-1]:
        place = kept.index(rung)
        rest = kept[:place] + kept[place + 1 :]
        narrow = kept[place + 1].max_bit_rate <= WIDEST_STEP * kept[place - 1].max_bit_rate
        if narrow and all(_best(rest, step.max_bit_rate) >= _pixels(step) for step in usual):
            kept = rest
    return tuple(kept)


def _best(rungs: Sequence[VideoRendition], bits: int) -> int:
    """Pixels of the largest rung that fits into a bit rate; 0 when none does."""
    return max((_pixels(rung) for rung in rungs if rung.max_bit_rate <= bits), default=0)


def _pixels(rung: VideoRendition) -> int:
    return rung.width * rung.height


def _sentence(steps: int, top: float, left_out: Sequence[str]) -> str:
    kind = next(words for least, words in _WORDS if steps >= least)
    crf = f"CRF is {steps} above the usual" if steps else "CRF is the usual"
    cap = f"the highest quality takes at most {top:.0%} of the usual bits" if top < 1 else "no cap is lowered"
    gone = f"; nobody would miss {', '.join(left_out)}" if left_out else ""
    return f"{kind}: {crf}, {cap}{gone}."
