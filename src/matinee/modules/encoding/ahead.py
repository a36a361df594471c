"""What is made next for those who watch: whoever waits comes first, then what comes next for whoever reads. Pure."""

from collections.abc import Collection, Sequence

import msgspec

AHEAD_CELLS = 8  # half a minute: what players keep in hand. More: more is made that nobody watches
NEARLY_DONE = 0.5  # of the time that it will likely take
REGION_CELLS = 15  # a minute, made by one job: two viewers within it share a job, others may have another worker


class Interest(msgspec.Struct, frozen=True):
    """Somebody waits for a cell, or has just read it."""

    cell: int
    waits: bool

    @property
    def next_cells(self) -> range:
        """What this viewer needs: the cell itself where he waits for it, and some behind it."""
        return range(self.cell + (not self.waits), self.cell + AHEAD_CELLS + 1)


class Choice(msgspec.Struct, frozen=True):
    """The cell to make, and whether somebody waits for it now."""

    cell: int
    waits: bool


class Paces:
    """How long the cells of each rendition took last: of films alike, for they are told apart by the name alone."""

    def __init__(self) -> None:
        self._paces: dict[str, float] = {}  # seconds a second of film

    def note(self, rendition: str, film: float, took: float) -> None:
        """A cell with so many seconds of film took so long."""
        self._paces[rendition] = took / film

    def is_nearly_done(self, rendition: str, film: float, elapsed: float) -> bool:
        """Whether the end of a cell is near, so that it is worth its while; not where nothing is known."""
        pace = self._paces.get(rendition)
        return pace is not None and elapsed >= NEARLY_DONE * pace * film


def region_of(cell: int) -> int:
    """The region that a cell belongs to."""
    return cell // REGION_CELLS


def region_cells(region: int, cells: int) -> range:
    """The cells of a region, of a grid with so many."""
    return range(region * REGION_CELLS, min((region + 1) * REGION_CELLS, cells))


def choose(cells: range, stored: Collection[int], interests: Sequence[Interest]) -> Choice | None:
    """The cell to make next out of `cells`; None where nobody needs any. `interests`: who asked first is first."""
    for interest in interests:
        if interest.waits and interest.cell in cells and interest.cell not in stored:
            return Choice(interest.cell, waits=True)
    needed = [
        (cell - interest.cell, cell)
        for interest in interests
        for cell in interest.next_cells
        if cell in cells and cell not in stored
    ]
    return Choice(min(needed)[1], waits=False) if needed else None


def still_needed(cell: int, cells: range, stored: Collection[int], interests: Sequence[Interest]) -> Choice | None:
    """What `choose` says of a cell that is being made; None where nobody needs it.

    What is made ahead of viewers is not needed, either, while somebody waits for another of `cells`.
    """
    here, first = (choose(among, stored, interests) for among in (range(cell, cell + 1), cells))
    overtaken = here is not None and first is not None and first.waits and not here.waits
    return None if overtaken else here
