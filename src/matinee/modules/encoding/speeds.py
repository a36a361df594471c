"""From how fast cells were made of late to what is offered. Pure.

A quality that is made more slowly than it lasts stops its viewer every few seconds: players are not told of it until
all of it is stored.

- Only what was measured counts. With no measure a quality is offered: else none would ever be made, and measured.
- Work that is no less than work that is too slow is too slow as well; that is no guess.
- Of several kinds of workers one that is fast enough will do, and one of which nothing is known may be.
- The lowest quality is always offered, and what is copied.
- Playlists and cells of what is not offered stay where they are: who is at it goes on.
"""

from collections.abc import Collection, Hashable, Mapping, Sequence

import msgspec

from matinee.media.model import Plan
from matinee.media.speed import Work, work_of


class Speed(msgspec.Struct, frozen=True):
    """How fast a kind of worker, which is what its labels are, does a kind of work."""

    labels: frozenset[str]
    work: Work
    slow: bool
    """Whether that is slower than real time."""
    times: float
    """Seconds of film a second."""


class TooSlow(msgspec.Struct, frozen=True):
    """Why something is not offered."""

    times: float | None
    """Seconds of film that the fastest makes in a second; None where less work than this is too slow already."""

    @property
    def sentence(self) -> str:
        why = (
            "Smaller pictures already take longer to make than they last"
            if self.times is None
            else f"It is made at {self.times:.2g} times real time, too slowly to be watched meanwhile"
        )
        return f"{why}: players are told of it when all of it is stored."


class Speeds:
    """What is known at one moment."""

    def __init__(self, kinds: Collection[frozenset[str]] = (), known: Sequence[Speed] = ()) -> None:
        """`kinds`: of workers that live. Where none does, it counts what is known of those that did."""
        kinds = set(kinds) or {speed.labels for speed in known}
        self._known: dict[frozenset[str], list[Speed]] = {kind: [] for kind in kinds}
        for speed in known:
            if speed.labels in self._known:
                self._known[speed.labels].append(speed)
        self.verdicts: Hashable = frozenset(
            (kind, frozenset((speed.work, speed.slow) for speed in speeds)) for kind, speeds in self._known.items()
        )
        """What decisions rest on: the same as long as these are, however the figures waver."""
        self.is_anything_slow = any(speed.slow for speeds in self._known.values() for speed in speeds)

    def times(self, work: Work, needs: frozenset[str]) -> float | None:
        """Seconds of film that the fastest kind with these labels makes in a second; None where none was measured."""
        found = [
            speed.times
            for kind, speeds in self._known.items()
            if needs <= kind
            for speed in speeds
            if speed.work == work
        ]
        return max(found, default=None)

    def of_kind(self, labels: frozenset[str]) -> list[str]:
        """What is known of a kind of workers, the slowest first."""
        known = sorted(self._known.get(labels, ()), key=lambda speed: speed.times)
        return [
            f"{speed.times:.2g} × {speed.work.encoder} {speed.work.side}p{speed.work.rate} "
            f"of {speed.work.source_side}p"
            for speed in known
        ]

    def too_slow(self, work: Work, needs: frozenset[str]) -> TooSlow | None:
        """Whether no kind of worker with these labels makes it as fast as it lasts."""
        if not self.is_anything_slow:
            return None
        kinds = [speeds for kind, speeds in self._known.items() if needs <= kind]
        if not kinds or not all(_is_slow(speeds, work) for speeds in kinds):
            return None
        return TooSlow(self.times(work, needs))

    def left_out(self, plan: Plan, stored: Mapping[str, int], needs: Mapping[str, frozenset[str]]) -> frozenset[str]:
        """The renditions that players are not told of. `stored`: cells by rendition. `needs`: labels by rendition."""
        if not self.is_anything_slow:
            return frozenset()
        return frozenset(
            rung.name
            for rung in plan.pictures
            if rung.name != plan.video[0].name
            and stored.get(rung.name, 0) < plan.cells_of(rung.name)
            and self.too_slow(work_of(plan, rung), needs[rung.name])
        )


def _is_slow(speeds: Sequence[Speed], work: Work) -> bool:
    """By a measure of this work, else by one of less."""
    for speed in speeds:
        if speed.work == work:
            return speed.slow
    return any(speed.slow and work.is_no_less_than(speed.work) for speed in speeds)
