"""How often a video's password may be guessed. Wrong guesses count, right ones do not."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

from matinee.common.database import Database
from matinee.common.http.rate_limits import RateLimit, count_hit, require_left

OF_ADDRESS = RateLimit("unlock", 60, 600)
# Whoever guesses from everywhere has 43,200 a day. Lower: fewer addresses are enough to keep newcomers out.
OF_VIDEO = RateLimit("unlock-video", 300, 600)


class Guesses:
    """Counts wrong guesses. `at_once`: so many may be under way, and as many more than the limits get through."""

    def __init__(self, database: Database, *, at_once: int, limited: bool = True) -> None:
        self._database = database
        self._places = asyncio.Semaphore(at_once)
        self._limited = limited

    async def is_right(self, video_id: UUID, client: str, guess: Callable[[], Awaitable[bool]]) -> bool:
        """What the guess comes to. Raises RateLimited where there were too many that were wrong."""
        if not self._limited:
            return await guess()
        limits = ((OF_ADDRESS, client), (OF_VIDEO, str(video_id)))
        async with self._places:
            for limit, of in limits:
                await require_left(self._database, limit, of)
            right = await guess()
            if not right:
                for limit, of in limits:
                    await count_hit(self._database, limit, of)
        return right
