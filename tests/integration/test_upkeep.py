"""What is cleaned up by the clock."""

import asyncpg
import pytest
from tests.integration.conftest import Person, new_video, problem

from matinee.bootstrap import Services
from matinee.common.database import Database, execute, fetch_value
from matinee.upkeep import BATCH, expire

_COUNTS = """
SELECT (SELECT count(*) FROM refresh_tokens), (SELECT count(*) FROM sessions),
    (SELECT count(*) FROM idempotency_keys), (SELECT count(*) FROM rate_limits)
"""
_MAKE = """
WITH u AS (
    INSERT INTO users (email, password_hash, name) VALUES (gen_random_uuid()::text, 'x', 'Ada') RETURNING id
), s AS (
    INSERT INTO sessions (user_id, last_used_at) SELECT id, now() - %(ago)s::text::interval
    FROM u, generate_series(1, %(many)s) RETURNING id, last_used_at
), t AS (
    INSERT INTO refresh_tokens (hash, session_id, expires_at)
    SELECT sha256(id::text::bytea), id, last_used_at + interval '7 days' FROM s
), k AS (
    INSERT INTO idempotency_keys (scope, key, fingerprint, status, body, created_at)
    SELECT id::text, 'key', '', 201, '', last_used_at FROM s
)
INSERT INTO rate_limits (bucket, window_end, hits) SELECT id::text, last_used_at + interval '1 hour', 1 FROM s
"""


async def make(database: Database, ago: str, many: int = 1) -> None:
    """Sessions last used so long ago, each with its token, an idempotency key and a counted request."""
    async with database.connection() as db:
        await execute(db, _MAKE, {"ago": ago, "many": many})
        await db.execute("ANALYZE")  # as time does: a database that was just filled is planned as if it were empty


async def counts(database: Database) -> tuple[int, ...]:
    """Refresh tokens, sessions, idempotency keys, rate limits."""
    async with database.connection() as db:
        return tuple(await db.fetchrow(_COUNTS) or ())


class TestExpire:
    async def test_what_has_outlived_its_use_goes(self, database: Database) -> None:
        """A token a day after it expired, its session with it, a key after a day, a counter after its window."""
        await make(database, "8 days 1 minute")
        await make(database, "7 days 23 hours")
        await make(database, "23 hours 59 minutes")
        await make(database, "1 minute")
        await expire(database, refresh_days=7)
        assert await counts(database) == (3, 3, 2, 1)

    async def test_more_than_a_batch_goes(self, database: Database) -> None:
        """Batch by batch, so that no statement holds many rows for long."""
        await make(database, "9 days", many=2 * BATCH + 1)
        await expire(database, refresh_days=7)
        assert await counts(database) == (0, 0, 0, 0)

    async def test_a_step_that_fails_stops_no_other(self, database: Database) -> None:
        """It is logged and tried again five minutes later."""
        await make(database, "9 days")
        async with database.connection() as db:
            await execute(db, "ALTER TABLE refresh_tokens RENAME COLUMN expires_at TO broken")
        await expire(database, refresh_days=7)
        assert await counts(database) == (1, 1, 0, 0)

    async def test_a_session_with_a_living_token_stays(self, database: Database) -> None:
        """Also where tokens used to live for longer than they do now."""
        await make(database, "9 days")
        async with database.connection() as db:
            await execute(db, "UPDATE refresh_tokens SET expires_at = now() + interval '1 day'")
        await expire(database, refresh_days=7)
        assert await counts(database) == (1, 1, 0, 0)


class TestIdempotencyKeys:
    async def test_a_key_ends_after_a_day(self, ada: Person, services: Services) -> None:
        """Until then it names one request; afterwards it may name another, whether upkeep has run or not."""
        headers = {"Idempotency-Key": "one"}
        first = await ada.post("/api/v1/videos/init", new_video(), **headers)
        await self.age(services, "23 hours 59 minutes")
        answer = await ada.post("/api/v1/videos/init", new_video(title="Lake"), **headers)
        problem(answer, 422, "idempotency_key_reused")
        await self.age(services, "2 minutes")
        second = await ada.post("/api/v1/videos/init", new_video(title="Lake"), **headers)
        assert second.status_code == 201
        assert second.json()["video"]["id"] != first.json()["video"]["id"]
        again = await ada.post("/api/v1/videos/init", new_video(title="Lake"), **headers)
        assert (again.json(), again.headers["idempotency-replayed"]) == (second.json(), "true")

    async def age(self, services: Services, by: str) -> None:
        async with services.database.connection() as db:
            await execute(db, "UPDATE idempotency_keys SET created_at = created_at - %s::text::interval", (by,))


class TestSchema:
    async def test_a_user_with_videos_is_not_deleted(self, ada: Person, services: Services) -> None:
        """Their rows would go with it, and nobody would know of their objects any more."""
        await ada.init()
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            async with services.database.connection() as db:
                await execute(db, "DELETE FROM users WHERE email = %s", (ada.email,))

    async def test_old_sessions_are_found_by_an_index(self, database: Database) -> None:
        """Every five minutes, among all there are."""
        async with database.transaction() as db:
            await execute(db, "SET LOCAL enable_seqscan = off")  # the table is empty
            plan = await fetch_value(
                db, "EXPLAIN (FORMAT JSON) SELECT id FROM sessions WHERE last_used_at < now() ORDER BY last_used_at"
            )
        assert "sessions_by_last_use" in plan
