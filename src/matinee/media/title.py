"""The ladder of one title: what the usual ladder becomes when it is known how its rungs look and what
they cost. Pure.

Three things follow from the trials of a few places (see trials.py). The CRF of a rung rises as far as it looks hardly
worse than a yardstick: what x264 makes of it with its own settings at the usual CRF. Its cap comes down to what the
hardest place needs, with room above it. And a rung goes that no connection has a use for: by their lower caps the
others look, at every bit rate for which the usual ladder has a rung, hardly worse.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from .ladder import CRF, MIN_SAVING
from .model import Rate, VideoRendition

STEPS = (0, 2, 6)
"""How far above the usual CRF of a rung its trials are; between them is read off. The second is near the first, for
noise goes all at once: two steps may cost three points and save three quarters of the bits, four more cost one point.
"""

LEAST_STEPS = -1
"""As far as CRF may fall: of some noise a rung's own settings leave less than the yardstick does."""

LOWEST_SHARE = 0.7
"""Of the bits of the rung above it at its usual CRF: more the lowest, which is not tried, does not take. Of nine
clips it took 0.42 to 0.67."""

MOST_LOSS = 0.8
"""Points of VMAF that a rung may look worse than the yardstick, averaged over the places. Six are a difference that
people notice; the bench allows one."""

MOST_LOSS_OF_A_PLACE = 1.6

HEADROOM = 2.0
"""Times the hardest place seen that a rung may take: there are harder ones between them."""

KEYFRAME_ROOM = 1.3
"""Times a keyframe that the rate buffer holds, else the first picture of each cell would be the poorest."""

LEAST_CAP = 0.53
"""Of the usual cap. What looked so easy everywhere may yet have a minute that is not. It is as much as lets a rung
take the place of the next smaller one, whose usual cap is 0.531 of its own.
"""

WIDEST_STEP = 4.0
"""Times the cap of a rung that the next may have. From there players would rather not climb."""

_KEYFRAME_SECONDS = 4  # a cell


class Trial(msgspec.Struct, frozen=True):
    """A place of the film, encoded by one rung with one CRF."""

    vmaf: float
    """From 0 to 100, of the rung as a screen of the source's size shows it."""
    key: float
    """Bits of a keyframe."""
    rest: float
    """Bits of a frame after it, on average."""

    def bits(self, rate: Rate) -> float:
        """Bits a second, without a cap."""
        return self.rest * float(rate.fraction) + self.key / _KEYFRAME_SECONDS


class Place(msgspec.Struct, frozen=True):
    """A place of the film, as one rung shows it."""

    yardstick: float
    """VMAF of x264's `veryfast` at the rung's usual CRF."""
    trials: tuple[Trial, ...]
    """The rung itself, by STEPS."""

    def vmaf(self, steps: float) -> float:
        """Of the rung at so many steps above its usual CRF."""
        return _between([trial.vmaf for trial in self.trials], steps)

    def loss(self, steps: float) -> float:
        """Points that the rung then looks worse than the yardstick."""
        return self.yardstick - self.vmaf(steps)


Places = tuple[Place, ...]
"""At least one, the same ones for every rung."""


class Fitted(msgspec.Struct, frozen=True):
    """The ladder of a title."""

    rungs: tuple[VideoRendition, ...]
    """Lowest first; each is one of the usual ladder with other figures."""
    spare: tuple[VideoRendition, ...]
    """The rungs of the usual ladder that are not in it, as they are there."""
    reason: str
    """A sentence that says what became of the usual ladder."""


def fit(usual: Sequence[VideoRendition], seen: Mapping[str, Places], rate: Rate) -> Fitted:
    """The ladder for this title. A rung without trials stays as it is."""
    steps = {rung.name: crf_steps(seen[rung.name]) for rung in usual if rung.name in seen}
    capped = [_capped(rung, seen[rung.name], steps[rung.name], rate) if rung.name in seen else rung for rung in usual]
    looks = {name: _mean([place.vmaf(raised) for place in seen[name]]) for name, raised in steps.items()}
    wanted = {name: _mean([place.yardstick for place in seen[name]]) - MOST_LOSS for name in steps}
    rungs = _ordered(usual, _useful(usual, _rising(capped), looks, wanted), seen, rate)
    names = {rung.name for rung in rungs}
    spare = tuple(rung for rung in usual if rung.name not in names)
    raised = [rung.crf - CRF for rung in rungs if rung.name in seen]
    top = rungs[-1].max_bit_rate / usual[-1].max_bit_rate
    return Fitted(rungs, spare, _sentence(raised, top, [rung.name for rung in spare]))


def crf_steps(places: Places) -> int:
    """How much higher than usual the CRF of a rung may be, so that it looks hardly worse than the yardstick."""
    fits = [
        steps
        for steps in range(LEAST_STEPS, STEPS[-1] + 1)
        if _mean([place.loss(steps) for place in places]) <= MOST_LOSS
        and all(place.loss(steps) <= MOST_LOSS_OF_A_PLACE for place in places)
    ]
    return max(fits, default=LEAST_STEPS)


def expected_bits(place: Place, steps: int, rate: Rate) -> float:
    """Bits a second of a rung, without a cap: between two trials as CRF lies between them, on a logarithmic scale."""
    return math.exp(_between([math.log(max(1.0, trial.bits(rate))) for trial in place.trials], steps))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _between(values: Sequence[float], steps: float) -> float:
    """The value at so many steps, of those at each of STEPS; below the first as it goes on from there."""
    low = max((place for place in range(len(STEPS) - 1) if STEPS[place] <= steps), default=0)
    share = (steps - STEPS[low]) / (STEPS[low + 1] - STEPS[low])
    return (1 - share) * values[low] + share * values[low + 1]


def _capped(rung: VideoRendition, places: Places, steps: int, rate: Rate) -> VideoRendition:
    """The rung with so much higher a CRF, and with the cap that it then needs.

    Where the CRF cannot rise the cap stays, too: x264 takes noise for dearer than it is, and saves long before a cap.
    """
    if steps <= 0:
        return replace(rung, crf=rung.crf + steps)
    needs = max(HEADROOM * expected_bits(place, steps, rate) for place in places)
    keyframe = max(place.trials[0].key for place in places)
    wanted = max(needs, KEYFRAME_ROOM * keyframe, LEAST_CAP * rung.max_bit_rate)
    bits = min(rung.max_bit_rate, math.ceil(wanted / 1000) * 1000)
    return replace(rung, crf=rung.crf + steps, max_bit_rate=bits, buffer_bits=bits)


def _rising(rungs: Sequence[VideoRendition]) -> list[VideoRendition]:
    """The rungs, where each saves what it has to save of the one above: else the cap above is raised again."""
    risen: list[VideoRendition] = []
    for rung in rungs:
        least = math.ceil(risen[-1].max_bit_rate / (1 - MIN_SAVING)) if risen else 0
        bits = max(rung.max_bit_rate, least)
        risen.append(replace(rung, max_bit_rate=bits, buffer_bits=bits))
    return risen


def _useful(
    usual: Sequence[VideoRendition],
    rungs: Sequence[VideoRendition],
    looks: Mapping[str, float],
    wanted: Mapping[str, float],
) -> tuple[VideoRendition, ...]:
    """The rungs without those that no connection misses, looked at from the second highest down."""
    left = list(rungs)
    for rung in rungs[-2:0:-1]:
        place = left.index(rung)
        rest = left[:place] + left[place + 1 :]
        narrow = left[place + 1].max_bit_rate <= WIDEST_STEP * left[place - 1].max_bit_rate
        if rung.name in looks and narrow and all(_serves(rest, step, looks, wanted) for step in usual):
            left = rest
    return tuple(left)


def _serves(
    rungs: Sequence[VideoRendition], step: VideoRendition, looks: Mapping[str, float], wanted: Mapping[str, float]
) -> bool:
    """Whether a connection that just carries a usual rung gets a picture from these that looks as good as wanted."""
    best = next((rung for rung in reversed(rungs) if rung.max_bit_rate <= step.max_bit_rate), None)
    if best is None or best.name == step.name:
        return best is not None
    return best.name in looks and step.name in wanted and looks[best.name] >= wanted[step.name]


def _ordered(
    usual: Sequence[VideoRendition], rungs: Sequence[VideoRendition], seen: Mapping[str, Places], rate: Rate
) -> tuple[VideoRendition, ...]:
    """The rungs, where none takes fewer bits than the one below it: else its CRF is not raised so far."""
    usual_crf = {rung.name: rung.crf for rung in usual}
    ordered: list[VideoRendition] = []
    least = 0.0
    for rung in rungs:
        if rung.name in seen:
            bits = _bits_by_steps(seen[rung.name], rate)
            if [each.name for each in usual[:2]] == [*(each.name for each in ordered), rung.name]:
                least = LOWEST_SHARE * bits[0]
            steps = rung.crf - usual_crf[rung.name]
            while steps > LEAST_STEPS and bits[steps] < least:
                steps -= 1
            rung = replace(rung, crf=usual_crf[rung.name] + steps)
            least = bits[steps]
        ordered.append(rung)
    return tuple(ordered)


def _bits_by_steps(places: Places, rate: Rate) -> dict[int, float]:
    """Bits a second of a rung, averaged over the places, at so many steps above its usual CRF."""
    every = range(LEAST_STEPS, STEPS[-1] + 1)
    return {steps: _mean([expected_bits(place, steps, rate) for place in places]) for steps in every}


def _sentence(steps: Sequence[int], top: float, spare: Sequence[str]) -> str:
    low, high = (CRF + extreme(steps, default=0) for extreme in (min, max))
    crf = f"CRF is {low}" if low == high else f"CRF is {low} to {high}"
    cap = f"the highest quality takes at most {top:.0%} of the usual bits" if top < 1 else "no cap is lowered"
    gone = f"; nobody would miss {', '.join(spare)}" if spare else ""
    return f"Trial encodes chose the ladder: {crf}, {cap}{gone}."
