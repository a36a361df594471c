"""Who watches what: noted in memory by requests, told to the database by one task of the process, a batch a second.

A request costs the database nothing here, except where it waits for a cell.
"""

import asyncio
import math
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple
from uuid import UUID

import structlog

from matinee.common.database import DatabaseUnavailable

log = structlog.get_logger()

TELL_SECONDS = 1.0
_HOUR = 3600.0  # how exactly it is known when a rendition was last watched


class Place(NamedTuple):
    """A cell of a video's rendition."""

    video_id: UUID
    rendition: str
    cell: int


class News(NamedTuple):
    """What has happened since it was told last."""

    waiting: list[Place]
    """Cells that somebody waits for at the moment."""
    read: list[tuple[Place, int | None]]
    """Cells that were read of renditions that are not complete, each with the first one behind it that does not
    exist; None where that is not known to be near."""
    watched: list[tuple[UUID, str]]
    """Renditions of which something was read, each once an hour."""


Tell = Callable[[News], Awaitable[None]]


class Audience:
    """The viewers of this process."""

    def __init__(self, tell: Tell, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._tell = tell
        self._clock = clock
        self._waiting: Counter[Place] = Counter()
        self._asked: dict[Place, float] = {}
        self._read: dict[Place, int | None] = {}
        self._watched: dict[tuple[UUID, str], float] = {}

    @contextmanager
    def waiting(self, place: Place) -> Iterator[bool]:
        """A request waits for a cell. Gives whether it is to ask for it: none of this process did just now."""
        now = self._clock()
        due = now - self._asked.get(place, -math.inf) >= TELL_SECONDS
        if due:
            self._asked[place] = now
        self._waiting[place] += 1
        try:
            yield due
        finally:
            self._waiting[place] -= 1
            if not self._waiting[place]:
                del self._waiting[place]
                self._asked.pop(place, None)

    def watched(self, video_id: UUID, rendition: str) -> None:
        """Something of a rendition was read."""
        self._watched.setdefault((video_id, rendition), 0.0)

    def read(self, place: Place, missing: int | None) -> None:
        """A cell was read of a rendition that is not complete; `missing` as in `News.read`."""
        self._read[place] = missing

    async def keep_telling(self) -> None:
        """Runs until cancelled."""
        while True:
            await asyncio.sleep(TELL_SECONDS)
            news = self._news()
            if any(news):
                try:
                    await self._tell(news)
                except DatabaseUnavailable as error:
                    log.warning("audience_not_told", error=str(error))
                except Exception:  # a mistake of ours in one batch: the next one must be told all the same
                    log.exception("audience_failed")

    def _news(self) -> News:
        now = self._clock()
        due = [key for key, told in self._watched.items() if told == 0.0]
        for key in due:
            self._watched[key] = now
        for key in [key for key, told in self._watched.items() if now - told >= _HOUR]:
            del self._watched[key]
        read, self._read = self._read, {}
        return News(list(self._waiting), list(read.items()), due)
