"""How long each cell of a rendition takes."""

from __future__ import annotations

import time
from collections.abc import Callable

from .cells import Effort


class Stopwatch:
    """Of one rendition of a process; runs from its making on."""

    def __init__(self, held: Callable[[], float], *, share: float = 1.0) -> None:
        """`held`: seconds that the process was held so far. `share`: of its pixels that are this rendition's."""
        self._held = held
        self._share = share
        self.start()

    def start(self) -> None:
        """Begins anew."""
        self._began, self._held_before = time.monotonic(), self._held()

    def read(self) -> Effort:
        """What it took since."""
        held = self._held() - self._held_before
        seconds = max(0.0, time.monotonic() - self._began - held)
        return Effort(seconds * self._share, alone=self._share == 1)
