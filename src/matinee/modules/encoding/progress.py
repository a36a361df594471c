"""From what is stored to what is shown: how far the encoding is, and how long it will take. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from matinee.media.bandwidth import peak_bits
from matinee.media.model import AudioRendition, CopiedRendition, Plan, Rendition, VideoRendition
from matinee.media.speed import Work, work_of
from matinee.modules.encoding.policy import Policy
from matinee.modules.encoding.schemas import SETTLED, Encoding, RenditionProgress, State, WaitingFor
from matinee.modules.encoding.speeds import Speeds, TooSlow

# Encoding costs CPU time by the pixel. Sound costs what a very small picture would, and so does what is copied.
_SOUND_PIXELS = 10_000
_LEAST_SECONDS = 2.0  # an estimate from less time would jump about
_LEAST_SHARE = 0.005
_NOTHING_KNOWN = Speeds()


class Announced(msgspec.Struct, frozen=True):
    """What a plan says of one rendition."""

    name: str
    kind: Literal["video", "audio"]
    width: int | None
    height: int | None
    frame_rate: float | None
    codecs: str
    bandwidth: int
    cells: int
    copied: bool
    """Whether it is the source's own picture."""
    weight: int
    """What one cell of it costs to make, beside the others."""
    work: Work | None = None
    """None where it is not encoded."""
    needs: frozenset[str] = frozenset()
    """Labels of workers that make what viewers wait for."""


_OPENS_COPIED = "No other quality is encoded before somebody watches it."


class Ladder(msgspec.Struct, frozen=True):
    """What a plan says of all of them: worked out once, for exact bandwidths take a millisecond."""

    renditions: tuple[Announced, ...]
    work: int
    """The weight of all cells of all renditions."""
    needed: tuple[str, ...] = ()
    """The lowest rung and the first sound: they are offered however slow the workers are."""
    opening: str | None = None
    """The picture that the video can be played with."""
    opens_copied: bool = False
    """Whether that is the source's own: with `on_demand` no other is made before somebody watches it."""
    notes: tuple[str, ...] = ()
    """Why the plan is as it is."""


class StoredCells(msgspec.Struct, frozen=True):
    """How much of a rendition exists."""

    name: str
    cells_stored: int
    first_cell_at: datetime | None
    evicted: bool = False
    """Nobody watched it for so long that it was deleted: it comes back when somebody does."""


class Stored(msgspec.Struct, frozen=True):
    """How much of a video exists, at one moment."""

    status: str
    planned: bool
    plan_revision: int
    encoding_failure: str | None
    encode_policy: Policy | None
    """None: the server's."""
    now: datetime
    renditions: list[StoredCells]
    cancelled: bool = False
    """The filling was stopped."""


def announce(plan: Plan, needs: Mapping[str, frozenset[str]] | None = None) -> Ladder:
    """The plan as viewers hear of it; `needs` is by rendition."""
    renditions = tuple(_announced(plan, rendition, needs or {}) for rendition in plan.renditions)
    work = sum(rendition.weight * rendition.cells for rendition in renditions)
    needed = (*(rung.name for rung in plan.video[:1]), *(sound.name for sound in plan.sounds[:1]))
    opening = plan.opening.name if plan.opening else None
    return Ladder(renditions, work, needed, opening, plan.opens_copied, plan.reasons)


def describe_progress(
    ladder: Ladder | None,
    stored: Sequence[StoredCells],
    *,
    playable: bool,
    failed: bool,
    on_demand: bool = False,
    cancelled: bool = False,
    speeds: Speeds = _NOTHING_KNOWN,
    now: datetime,
) -> Encoding:
    """The progress of a video; without a plan it waits for its probe.

    `playable`: the video is READY. `failed`: some of it could not be made. `on_demand`: of the rungs above the lowest
    only what is watched is made. `cancelled`: somebody stopped the filling. `speeds`: of the workers.
    """
    if ladder is None:
        return Encoding(
            state="failed" if failed else "waiting",
            percent=0.0,
            seconds_left=None,
            waiting_for=None if failed else "probe",
            renditions=[],
            notes=[],
        )
    by_name = {row.name: row for row in stored}
    renditions, done, resting = [], 0, playable
    for announced in ladder.renditions:
        row = by_name.get(announced.name)
        cells_stored = row.cells_stored if row else 0
        done += announced.weight * cells_stored  # a large picture weighs more than a small one
        too_slow = _too_slow(ladder, announced, cells_stored, speeds)
        renditions.append(_rendition(announced, cells_stored, too_slow, speeds))
        whole = announced.name in ladder.needed and not (ladder.opens_copied and announced.kind == "video")
        unasked = (not on_demand or whole) and not (row and row.evicted)
        if unasked and cells_stored < announced.cells:
            resting = False
    share = done / ladder.work
    state = _state(share, failed, resting, cancelled and playable)
    ended = state in SETTLED
    return Encoding(
        state=state,
        percent=_percent(share),
        seconds_left=None if ended else _seconds_left(share, stored, now),
        waiting_for=None if ended else _waiting_for(ladder, by_name, playable),
        renditions=renditions,
        notes=[*ladder.notes, *([_OPENS_COPIED] if on_demand and ladder.opens_copied else [])],
    )


def _state(share: float, failed: bool, resting: bool, cancelled: bool) -> State:
    if share >= 1:
        return "complete"
    if failed:
        return "failed"
    if resting:
        return "resting"
    if cancelled:
        return "cancelled"
    return "running" if share > 0 else "waiting"


def _seconds_left(share: float, stored: Sequence[StoredCells], now: datetime) -> int | None:
    begun = [row.first_cell_at for row in stored if row.first_cell_at is not None]
    if not begun or share < _LEAST_SHARE:
        return None
    elapsed = (now - min(begun)).total_seconds()
    if elapsed < _LEAST_SECONDS:
        return None
    return max(1, round(elapsed * (1 - share) / share))


def _waiting_for(ladder: Ladder, stored: dict[str, StoredCells], playable: bool) -> WaitingFor:
    if playable:
        return "remaining_cells"
    if ladder.opening is not None and not _begun(stored, ladder.opening):
        return "first_picture"
    return "first_sound"


def _begun(stored: dict[str, StoredCells], name: str) -> bool:
    return name in stored and stored[name].first_cell_at is not None


def _too_slow(ladder: Ladder, announced: Announced, cells_stored: int, speeds: Speeds) -> TooSlow | None:
    if announced.work is None or announced.name in ladder.needed or cells_stored >= announced.cells:
        return None
    return speeds.too_slow(announced.work, announced.needs)


def _announced(plan: Plan, rendition: Rendition, needs: Mapping[str, frozenset[str]]) -> Announced:
    video = None if isinstance(rendition, AudioRendition) else rendition
    copied = isinstance(rendition, CopiedRendition)
    return Announced(
        name=rendition.name,
        kind="video" if video else "audio",
        width=video.width if video else None,
        height=video.height if video else None,
        frame_rate=round(float(plan.grid.rate.fraction), 3) if video else None,
        codecs=rendition.codecs,
        bandwidth=peak_bits(plan, rendition),
        cells=plan.cells_of(rendition.name),
        copied=copied,
        weight=video.width * video.height if video and not copied else _SOUND_PIXELS,
        work=work_of(plan, rendition) if isinstance(rendition, VideoRendition) else None,
        needs=needs.get(rendition.name, frozenset()),
    )


def _rendition(
    announced: Announced, cells_stored: int, too_slow: TooSlow | None, speeds: Speeds
) -> RenditionProgress:
    times = speeds.times(announced.work, announced.needs) if announced.work is not None else None
    return RenditionProgress(  # by position, which is eight times as fast as by name; every look at a video does this
        announced.name,
        announced.kind,
        announced.width,
        announced.height,
        announced.frame_rate,
        announced.codecs,
        announced.bandwidth,
        announced.copied,
        announced.cells,
        cells_stored,
        _percent(cells_stored / announced.cells),
        None if times is None else round(times, 2),
        None if too_slow is None else too_slow.sentence,
    )


def _percent(share: float) -> float:
    """Rounded down, so that 100 means complete."""
    return int(share * 1000) / 10
