"""The part of a video that its viewer may have."""

import msgspec

from matinee.common.http.viewer import Viewer
from matinee.media.model import Plan, no_taller
from matinee.media.timeline import WHOLE, Window, cells_in
from matinee.modules.playback.errors import NoSuchCell


class Part(msgspec.Struct, frozen=True):
    """What of a video its viewer may have, by the playback token."""

    window: Window = WHOLE
    max_height: int | None = None

    @staticmethod
    def of(viewer: Viewer) -> "Part":
        grant = viewer.grant
        return ALL if grant is None else Part(Window(grant.start, grant.end), grant.max_height)

    def ladder(self, plan: Plan) -> Plan:
        """The plan without pictures that are too tall. Raises NoSuchCell where the part begins behind the end."""
        if self.window.start >= plan.grid.duration:
            raise NoSuchCell
        return plan if self.max_height is None else no_taller(plan, self.max_height)

    def cells(self, plan: Plan, rendition: str) -> range:
        """Which cells of a rendition are of it."""
        plan = self.ladder(plan)
        return cells_in(plan, plan.rendition(rendition), self.window) if plan.has(rendition) else range(0)

    def require(self, plan: Plan, rendition: str, index: int | None) -> None:
        """Raises NoSuchCell for a cell that is none of it; without an index, where no cell of the rendition is."""
        cells = self.cells(plan, rendition)
        if not cells or (index is not None and index not in cells):
            raise NoSuchCell


ALL = Part()
"""Of whoever may have all of it."""


def window_of(viewer: Viewer) -> Window:
    """The part of a video that its viewer may have."""
    return Part.of(viewer).window


def cells_shown(viewer: Viewer, plan: Plan, rendition: str) -> range:
    """Which cells of a rendition the viewer may have, of what he may see."""
    return Part.of(viewer).cells(plan, rendition)
