"""Rate limits of sensitive routes, counted in PostgreSQL so that they hold across every API process."""

from contextlib import suppress
from typing import Literal

import msgspec

from matinee.common.database import Connection, Database, DatabaseUnavailable, execute, fetch_one
from matinee.common.errors import RateLimited


class RateLimit(msgspec.Struct, frozen=True):
    """At most `hits` requests in `seconds`, counted for each client address, signed-in user or session."""

    name: str
    hits: int
    seconds: int
    by: Literal["address", "user", "session"] = "address"
    refusals: int | None = None
    """Of those so many may be refused, where who is may be guessing; who is right goes on."""

    @property
    def of_refusals(self) -> "RateLimit | None":
        """The limit of those that are refused."""
        if self.refusals is None:
            return None
        return RateLimit(f"{self.name}-refused", self.refusals, self.seconds, self.by)


class _Count(msgspec.Struct):
    hits: int
    seconds_left: int


# One round trip: starts a window, or counts in the running one.
_HIT = """
INSERT INTO rate_limits AS r (bucket, window_end, hits)
VALUES (%(bucket)s, now() + make_interval(secs => %(seconds)s), 1)
ON CONFLICT (bucket) DO UPDATE SET
    hits = CASE WHEN r.window_end <= now() THEN 1 ELSE r.hits + 1 END,
    window_end = CASE WHEN r.window_end <= now() THEN excluded.window_end ELSE r.window_end END
RETURNING hits, greatest(1, ceil(extract(epoch FROM window_end - now())))::int AS seconds_left
"""
_LOOK = """
SELECT hits, greatest(1, ceil(extract(epoch FROM window_end - now())))::int AS seconds_left
FROM rate_limits WHERE bucket = %s AND window_end > now()
"""
_TAKE_BACK = "UPDATE rate_limits SET hits = hits - 1 WHERE bucket = %s AND window_end > now() AND hits > 0"
# A request that counts at this moment keeps its counter.
_DELETE_PAST = """
DELETE FROM rate_limits WHERE bucket IN (
    SELECT bucket FROM rate_limits WHERE window_end < now() ORDER BY window_end LIMIT %s FOR UPDATE SKIP LOCKED)
"""


async def count_hit(database: Database, limit: RateLimit, client: str) -> dict[str, str]:
    """Counts a request; returns the `RateLimit-*` headers of its answer; raises RateLimited past the limit."""
    params = {"bucket": f"{limit.name}:{client}", "seconds": limit.seconds}
    async with database.connection() as db:
        count = await fetch_one(db, _Count, _HIT, params)
    assert count is not None
    headers = {
        "RateLimit-Limit": str(limit.hits),
        "RateLimit-Remaining": str(max(0, limit.hits - count.hits)),
        "RateLimit-Reset": str(count.seconds_left),
    }
    if count.hits > limit.hits:
        raise RateLimited(count.seconds_left, headers)
    return headers


async def take_back(database: Database, limit: RateLimit, client: str) -> None:
    """A request is not to count after all; where the database is away, it does."""
    with suppress(DatabaseUnavailable):
        async with database.connection() as db:
            await execute(db, _TAKE_BACK, (f"{limit.name}:{client}",))


async def tally(db: Connection, bucket: str, seconds: int) -> int:
    """Counts once more in the bucket; returns how often that was within its window of so many seconds."""
    count = await fetch_one(db, _Count, _HIT, {"bucket": bucket, "seconds": seconds})
    assert count is not None
    return count.hits


async def require_left(database: Database, limit: RateLimit, client: str) -> None:
    """Counts nothing; raises RateLimited where as many were counted as there may be."""
    async with database.connection() as db:
        count = await fetch_one(db, _Count, _LOOK, (f"{limit.name}:{client}",))
    if count is not None and count.hits >= limit.hits:
        raise RateLimited(count.seconds_left, {})


async def delete_past_windows(db: Connection, most: int) -> int:
    """Deletes counters whose window has ended; returns how many."""
    return await execute(db, _DELETE_PAST, (most,))
