"""Connections are lent, waited for, replaced and closed; outages have one name; rows become Structs."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta, timezone

import asyncpg
import msgspec
import pytest

from matinee.common.config import Settings
from matinee.common.database import (
    Database,
    DatabaseUnavailable,
    connect,
    execute,
    fetch_all,
    fetch_one,
    fetch_value,
)
from matinee.common.pool import Connection, ConnectionPool, PoolClosedError, PoolExhaustedError

_PID = "SELECT pg_backend_pid()"
_END = "SELECT pg_terminate_backend(%s)"
_FILMS = "SELECT * FROM (VALUES ('Sherlock Jr.', 45), ('The General', 78)) AS f (title, minutes)"


class Film(msgspec.Struct):
    title: str
    minutes: int


@pytest.fixture
def pool(settings: Settings) -> ConnectionPool:
    """Two connections, and little patience."""
    return ConnectionPool(lambda: connect(settings.database_url, "test"), size=2, patience=0.2, lifetime=60.0)


async def pid(connection: Connection) -> int:
    return int(await fetch_value(connection, _PID))


async def ended(connection: Connection) -> None:
    async with asyncio.timeout(10):
        while not connection.is_closed():
            await asyncio.sleep(0)


class TestPool:
    async def test_a_connection_is_used_again(self, pool: ConnectionPool) -> None:
        """Not opened anew for each loan."""
        first = await pool.take()
        pool.give(first)
        assert await pool.take() is first
        first.terminate()

    async def test_never_more_than_its_size(self, pool: ConnectionPool) -> None:
        """Whoever comes then waits, and is refused after a while."""
        lent = [await pool.take(), await pool.take()]
        with pytest.raises(PoolExhaustedError):
            await pool.take()
        pool.give(lent[0])
        assert await pool.take() is lent[0]
        await pool.close()

    async def test_who_waits_longest_is_served_first(self, pool: ConnectionPool) -> None:
        """And before whoever comes later."""
        lent = [await pool.take(), await pool.take()]
        waiters = [asyncio.create_task(pool.take()) for _ in range(2)]
        await asyncio.sleep(0)
        pool.give(lent[0])
        late = asyncio.create_task(pool.take())
        assert await waiters[0] is lent[0]
        pool.give(lent[1])
        assert await waiters[1] is lent[1]
        with pytest.raises(PoolExhaustedError):
            await late
        await pool.close()

    async def test_a_waiter_that_leaves_as_its_turn_comes_loses_nothing(self, pool: ConnectionPool) -> None:
        """The connection goes to the next one."""
        lent = [await pool.take(), await pool.take()]
        leaving, staying = (asyncio.create_task(pool.take()) for _ in range(2))
        await asyncio.sleep(0)
        pool.give(lent[0])
        leaving.cancel()
        assert await staying is lent[0]
        await pool.close()

    async def test_a_broken_connection_is_replaced(self, pool: ConnectionPool) -> None:
        """Also for somebody who waits already."""
        lent = [await pool.take(), await pool.take()]
        waiter = asyncio.create_task(pool.take())
        await asyncio.sleep(0)
        lent[0].terminate()
        pool.give(lent[0])
        assert await pid(await waiter) != 0
        await pool.close()

    async def test_a_failed_start_leaves_room(self, settings: Settings) -> None:
        """The server was away once, not for ever."""
        results = [OSError("away"), None]

        async def open_one() -> Connection:
            if result := results.pop(0):
                raise result
            return await connect(settings.database_url, "test")

        pool = ConnectionPool(open_one, size=1, patience=0.2, lifetime=60.0)
        with pytest.raises(OSError, match="away"):
            await pool.take()
        pool.give(await pool.take())
        await pool.close()

    async def test_an_old_connection_is_not_lent_again(self, settings: Settings) -> None:
        """It ends where it is idle, and a lent one when it comes back; both leave room."""

        async def open_one() -> Connection:
            return await connect(settings.database_url, "test")

        pool = ConnectionPool(open_one, size=2, patience=0.2, lifetime=0.05)
        lent, idle = await pool.take(), await pool.take()
        pool.give(idle)
        await ended(idle)
        assert not lent.is_closed()
        pool.give(lent)
        await ended(lent)
        assert {await pool.take(), await pool.take()}.isdisjoint({lent, idle})

    async def test_closing_ends_idle_and_lent_ones(self, pool: ConnectionPool) -> None:
        """A lent one when it comes back."""
        idle, lent = await pool.take(), await pool.take()
        pool.give(idle)
        await pool.close()
        assert idle.is_closed()
        assert not lent.is_closed()
        pool.give(lent)
        assert lent.is_closed()
        with pytest.raises(PoolClosedError):
            await pool.take()


class TestOutage:
    async def test_a_server_that_is_away_has_one_name(self) -> None:
        """Whatever the network calls it."""
        nobody = Database("postgresql://a:b@127.0.0.1:1/c", size=1)
        with pytest.raises(DatabaseUnavailable):
            async with nobody.connection():
                pass

    async def test_a_server_that_refuses_us_says_why(self, settings: Settings) -> None:
        """Waiting would not help."""
        strange = Database(f"{settings.database_url}-nowhere", size=1)
        with pytest.raises(asyncpg.InvalidCatalogNameError):
            await strange.open()

    async def test_a_connection_that_the_server_ends_is_an_outage_once(self, settings: Settings) -> None:
        """The next loan has a new one."""
        database = Database(settings.database_url, size=1)
        async with database.connection() as db:
            before = await pid(db)
        other = await connect(settings.database_url, "test")

        async def work() -> None:
            async with database.transaction() as db:
                await execute(other, _END, (before,))
                await execute(db, "SELECT pg_sleep(5)")

        with pytest.raises(DatabaseUnavailable):
            await work()
        async with database.connection() as db:
            assert await pid(db) != before
        await other.close()
        await database.close()

    async def test_everything_lent_is_an_outage(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        """After a while."""
        monkeypatch.setattr("matinee.common.database._LOAN_SECONDS", 0.1)
        database = Database(settings.database_url, size=2)
        async with AsyncExitStack() as lent:
            for _ in range(2):
                await lent.enter_async_context(database.connection())
            with pytest.raises(DatabaseUnavailable):
                await lent.enter_async_context(database.connection())
        await database.close()

    @pytest.mark.parametrize("error", [asyncpg.InternalClientError, asyncpg.InterfaceError])
    async def test_a_connection_that_lost_its_place_is_not_lent_again(
        self, database: Database, error: type[Exception]
    ) -> None:
        """It says so where the server died in mid-statement, and would say so for ever."""
        async with database.connection() as db:
            before = await pid(db)
        with pytest.raises(DatabaseUnavailable):
            async with database.connection() as db:
                raise error("another operation is in progress")
        async with database.connection() as db:
            assert await pid(db) != before

    async def test_our_own_mistakes_keep_their_names(self, database: Database) -> None:
        """A bug is not an outage: nobody shall try it again."""
        with pytest.raises(asyncpg.PostgresSyntaxError):
            async with database.connection() as db:
                await execute(db, "SELEKT 1")
        with pytest.raises(asyncpg.DataError):
            async with database.connection() as db:
                await fetch_value(db, "SELECT %s::integer", ("one",))

    async def test_whoever_leaves_in_mid_statement_leaves_no_connection_behind(self, database: Database) -> None:
        """The statement is cancelled, and the rest goes on."""
        async with database.connection() as db:
            before = await pid(db)

        async def work() -> None:
            async with asyncio.timeout(0.05), database.connection() as db:
                await execute(db, "SELECT pg_sleep(60)")

        with pytest.raises(TimeoutError):
            await work()
        async with database.connection() as db:
            assert await pid(db) != before


class TestStatements:
    async def test_values_go_where_they_are_named(self, database: Database) -> None:
        """By position or by name, twice if need be; a percent sign is written twice."""
        async with database.connection() as db:
            assert await fetch_value(db, "SELECT %s::text || %s::text", ("a", "b")) == "ab"
            sql = "SELECT %(b)s::text || %(a)s::text || %(b)s::text || '%%'"
            assert await fetch_value(db, sql, {"a": "1", "b": "2", "unused": "3"}) == "212%"

    async def test_rows_become_structs(self, database: Database) -> None:
        """Column by column."""
        async with database.connection() as db:
            films = await fetch_all(db, Film, _FILMS)
            assert films == [Film("Sherlock Jr.", 45), Film("The General", 78)]
            assert await fetch_one(db, Film, _FILMS) == films[0]
            assert await fetch_one(db, Film, f"SELECT * FROM ({_FILMS}) f WHERE minutes > 100") is None

    @pytest.mark.parametrize("text", ["2026-11-25 10:20:30.123456", "2026-11-25 10:20:30.5", "0001-01-01 00:00:00"])
    async def test_times_go_and_come_in_utc_to_the_microsecond(self, database: Database, text: str) -> None:
        """Whatever zone they were written in."""
        time = datetime.fromisoformat(text).replace(tzinfo=UTC)
        there = time.astimezone(timezone(timedelta(hours=2)))
        async with database.connection() as db:
            back = await fetch_value(db, "SELECT %s::timestamptz", (there,))
            assert (back, back.tzinfo) == (time, UTC)
            assert await fetch_value(db, "SELECT %s::timestamptz = %s::timestamptz", (time, there))
            assert await fetch_value(db, "SELECT ARRAY[%s, NULL]::timestamptz[]", (time,)) == [time, None]

    async def test_columns_that_are_not_the_fields_are_refused(self, database: Database) -> None:
        """A swapped column must not pass for another."""
        async with database.connection() as db:
            with pytest.raises(TypeError, match="not the fields"):
                await fetch_one(db, Film, "SELECT 45 AS minutes, 'Sherlock Jr.' AS title")

    async def test_execute_counts_rows(self, database: Database) -> None:
        """Zero for statements that touch none."""
        async with database.transaction() as db:
            assert await execute(db, "CREATE TEMPORARY TABLE film (title text) ON COMMIT DROP") == 0
            assert await execute(db, "INSERT INTO film SELECT g::text FROM generate_series(1, 3) g") == 3

    async def test_an_exception_rolls_back(self, database: Database) -> None:
        """Nothing of the block is kept."""

        async def work() -> None:
            async with database.transaction() as db:
                await execute(db, "CREATE TABLE film (title text)")
                raise KeyError

        with pytest.raises(KeyError):
            await work()
        async with database.connection() as db:
            assert await fetch_value(db, "SELECT to_regclass('film')::text") is None
