"""Patience with PostgreSQL and the object storage: their outages are not the job's fault and must not be its end."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from matinee.common.database import DatabaseUnavailable
from matinee.common.storage.port import StorageUnavailable

log = structlog.get_logger()

T = TypeVar("T")

# What a server that restarts, or a network that is away, looks like from here.
OUTAGES = (StorageUnavailable, DatabaseUnavailable)
PATIENCE_SECONDS = 600.0  # after it, the job fails and the queue's few attempts begin
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0


async def outlast(work: Callable[[], Awaitable[T]], *, what: str, patience: float = PATIENCE_SECONDS) -> T:
    """Does repeatable work, again and again while an outage lasts; raises the outage's error after `patience` s."""
    give_up_at: float | None = None
    pause = _FIRST_PAUSE
    while True:
        try:
            return await work()
        except OUTAGES as error:
            now = time.monotonic()
            give_up_at = give_up_at or now + patience
            if now + pause > give_up_at:
                raise
            log.warning("outage", what=what, error=str(error), pause=pause)
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
