"""Views, noted in memory by requests and written by one task of the process, a batch a second.

A request writes nothing. A process that is killed loses what was noted in its last second, and no more.
"""

import asyncio
import contextlib

import structlog

from matinee.common.database import Database, DatabaseUnavailable
from matinee.modules.views import repository
from matinee.modules.views.repository import View

log = structlog.get_logger()

WRITE_SECONDS = 1.0
_BATCH = 5_000  # rows a statement
_MOST = 100_000  # noted while the database is away; ~20 MB


class ViewCounter:
    """The views of this process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._noted: dict[View, None] = {}

    def note(self, view: View) -> None:
        """Somebody has watched enough."""
        if len(self._noted) < _MOST:
            self._noted[view] = None

    async def keep_writing(self) -> None:
        """Runs until cancelled."""
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            try:
                await self.write()
            except DatabaseUnavailable as error:
                log.warning("views_not_written", error=str(error), waiting=len(self._noted))
            except Exception:  # a mistake of ours is no end of counting
                log.exception("views_failed")

    async def write(self) -> None:
        """Writes what was noted; what cannot be written now stays. Raises DatabaseUnavailable."""
        while batch := list(self._noted)[:_BATCH]:
            async with self._database.transaction() as db:
                await repository.write_views(db, batch)
            for view in batch:  # noted anew meanwhile, it is known already
                self._noted.pop(view, None)

    async def close(self) -> None:
        """Writes what is left, where that is possible."""
        with contextlib.suppress(DatabaseUnavailable):
            await self.write()
