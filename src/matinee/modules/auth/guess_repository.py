"""Every query about wrong guesses, counted in PostgreSQL so that they count in every API process."""

import msgspec

from matinee.common.database import Connection, execute, fetch_one


class Guess(msgspec.Struct, frozen=True):
    """Whether a guess may be made now, else in how many seconds."""

    is_free: bool
    seconds_left: int


# Counted before it is judged: of many at once only so many are let through as if they came one by one.
_MAKE = """
WITH made AS (
    INSERT INTO guesses AS g (bucket, made, wait_until, forget_at)
    VALUES (%(bucket)s, 1, now(), now() + interval '1 day')
    ON CONFLICT (bucket) DO UPDATE SET
        made = CASE WHEN g.forget_at <= now() THEN 1 ELSE g.made + 1 END,
        wait_until = CASE WHEN g.forget_at <= now() OR g.made < %(free)s THEN now()
            ELSE now() + make_interval(secs => least(%(longest)s::int, 2 ^ least(g.made - %(free)s, 20))) END,
        forget_at = now() + interval '1 day'
    WHERE g.wait_until <= now()
    RETURNING bucket
)
SELECT EXISTS (SELECT 1 FROM made) AS is_free, coalesce(
    (SELECT greatest(1, ceil(extract(epoch FROM wait_until - now())))::int FROM guesses WHERE bucket = %(bucket)s), 1
) AS seconds_left
"""
_FORGET = "DELETE FROM guesses WHERE bucket = %s"
_DELETE_PAST = """
DELETE FROM guesses WHERE bucket IN (
    SELECT bucket FROM guesses WHERE forget_at < now() ORDER BY forget_at LIMIT %s FOR UPDATE SKIP LOCKED)
"""


async def make_guess(db: Connection, bucket: str, *, free: int, longest: int) -> Guess:
    """Counts a guess, where one may be made now: after `free` of them each next one later, by `longest` s at most."""
    guess = await fetch_one(db, Guess, _MAKE, {"bucket": bucket, "free": free, "longest": longest})
    assert guess is not None
    return guess


async def forget_guesses(db: Connection, bucket: str) -> None:
    """Somebody guessed right."""
    await execute(db, _FORGET, (bucket,))


async def delete_past_guesses(db: Connection, most: int) -> int:
    """Deletes what was guessed a day ago; returns how many."""
    return await execute(db, _DELETE_PAST, (most,))
