"""The queue's promises: jobs appear with the commit, run once at a time, are taken back from dead workers."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec
import pytest

from matinee.common.config import Settings
from matinee.common.database import Connection, Database, execute, fetch_value
from matinee.common.jobs import GiveUpError, JobLostError, JobQueue, JobRun, NewJob, ensure_owned

NOTE = NewJob(name="note", lane="ingest", args={"word": "hello"}, unique="note")


@contextlib.asynccontextmanager
async def working(queue: JobQueue) -> AsyncIterator[None]:
    """Runs a worker of the ingest lane for the time of the block."""
    async with queue.running():
        task = asyncio.create_task(queue.work("ingest", slots=1, grace=0.2))
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Waits for a state of the database, 10 s at most."""
    async with asyncio.timeout(10):
        while not await condition():
            await asyncio.sleep(0.02)


async def waiting(database: Database) -> int:
    async with database.connection() as db:
        return int(await fetch_value(db, "SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'"))


class TestEnqueue:
    async def test_a_job_appears_with_the_commit_alone(self, queue: JobQueue, database: Database) -> None:
        """A rolled back transaction leaves no job; a committed one does."""
        with contextlib.suppress(ZeroDivisionError):
            async with database.transaction() as db:
                await queue.enqueue(db, NOTE)
                raise ZeroDivisionError
        assert await waiting(database) == 0
        async with database.transaction() as db:
            await queue.enqueue(db, NOTE)
        assert await waiting(database) == 1

    async def test_a_unique_job_waits_once_and_spoils_nothing(self, queue: JobQueue, database: Database) -> None:
        """The second enqueue is told so, and the caller's transaction goes on."""
        async with database.transaction() as db:
            assert await queue.enqueue(db, NOTE)
            assert not await queue.enqueue(db, NOTE)
        assert await waiting(database) == 1

    async def test_wanting_a_waiting_job_raises_its_priority(self, queue: JobQueue, database: Database) -> None:
        """Somebody waits: the job moves to the front instead of being enqueued twice."""
        wanted = NewJob(name="note", lane="ingest", args={"word": "hello"}, unique="note", priority=100)
        async with database.transaction() as db:
            await queue.enqueue(db, NOTE)
            await queue.want(db, wanted)
            assert await fetch_value(db, "SELECT array_agg(priority) FROM procrastinate_jobs") == [100]

    async def test_wanting_a_delayed_job_makes_it_due(self, queue: JobQueue, database: Database) -> None:
        """Somebody waits, whatever it was to wait for itself."""
        later = NewJob(name="note", lane="ingest", args={"word": "hello"}, unique="note", delay=3600.0)
        async with database.transaction() as db:
            await queue.enqueue(db, later)
            await queue.want(db, msgspec.structs.replace(later, priority=100))
            assert await fetch_value(db, "SELECT count(*) FROM procrastinate_jobs WHERE scheduled_at IS NULL") == 1


class TestWaiting:
    async def test_what_no_free_slot_would_take_waits_for_none(self, queue: JobQueue, database: Database) -> None:
        """Nobody need make way for the next try of a job, for one whose like runs, or for another worker's."""

        async def is_any_waiting(db: Connection, *labels: str) -> bool:
            return await queue.is_any_waiting(db, "ingest", priority=100, labels=labels)

        wanted = msgspec.structs.replace(NOTE, priority=100)
        later = msgspec.structs.replace(wanted, unique="later", delay=3600.0)
        for_gpu = msgspec.structs.replace(wanted, unique="gpu", needs=frozenset({"gpu"}))
        async with database.transaction() as db:
            await queue.enqueue_all(db, [msgspec.structs.replace(NOTE, unique="lower"), later, for_gpu])
            assert not await is_any_waiting(db)
            assert await is_any_waiting(db, "big", "gpu")
            await queue.enqueue(db, wanted)
            assert await is_any_waiting(db)
            await execute(db, "UPDATE procrastinate_jobs SET status = 'doing' WHERE lock = 'note'")
            await queue.enqueue(db, wanted)
            assert not await is_any_waiting(db)


class TestRun:
    async def test_a_job_gets_its_arguments_and_leaves_the_queue(self, queue: JobQueue, database: Database) -> None:
        """A finished job's row is deleted."""
        words: list[str] = []
        heard = asyncio.Event()

        async def note(run: JobRun, word: str) -> None:
            words.append(f"{word} {run.attempt}")
            heard.set()

        queue.register("note", note)
        async with working(queue):
            async with database.transaction() as db:
                await queue.enqueue(db, NOTE)
            await asyncio.wait_for(heard.wait(), 10)

            async def is_gone() -> bool:
                async with database.connection() as db:
                    return await fetch_value(db, "SELECT count(*) FROM procrastinate_jobs") == 0

            await until(is_gone)
        assert words == ["hello 1"]

    async def test_a_job_that_gives_up_is_buried_at_once(self, queue: JobQueue, database: Database) -> None:
        """No second attempt; `on_dead` ran in the database."""
        buried = asyncio.Event()

        async def note(run: JobRun, word: str) -> None:
            raise GiveUpError(word)

        async def on_dead(db: Connection, word: str) -> None:
            buried.set()

        queue.register("note", note, on_dead=on_dead)
        async with working(queue):
            async with database.transaction() as db:
                await queue.enqueue(db, NOTE)
            await asyncio.wait_for(buried.wait(), 10)

    async def test_a_burial_outlasts_an_outage(self, queue: JobQueue, database: Database) -> None:
        """A job that is given up while the database is away is buried when it is back, once."""
        buried: list[str] = []

        async def note(run: JobRun, word: str) -> None:
            raise GiveUpError(word)

        async def on_dead(db: Connection, word: str) -> None:
            buried.append(word)
            await execute(db, "INSERT INTO procrastinate_workers DEFAULT VALUES")
            if len(buried) == 1:
                await execute(db, "SELECT pg_terminate_backend(pg_backend_pid())")

        queue.register("note", note, on_dead=on_dead)

        async def is_failed() -> bool:
            async with database.connection() as db:
                return await fetch_value(db, "SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'") == 1

        async with working(queue):
            async with database.transaction() as db:
                await queue.enqueue(db, NOTE)
            await until(is_failed)
            assert len(buried) == 2
            async with database.connection() as db:  # the lane's own, and the one that `on_dead` left
                assert await fetch_value(db, "SELECT count(*) FROM procrastinate_workers") == 2

    async def test_a_job_leaves_its_attempts_to_its_twin(self, queue: JobQueue, database: Database) -> None:
        """Work that fails while somebody asks for it again is given up after as many attempts as any other."""
        attempts: list[int] = []
        buried = asyncio.Event()

        async def note(run: JobRun, word: str) -> None:
            attempts.append(run.attempt)
            if run.attempt < 3:
                async with database.transaction() as db:
                    await queue.enqueue(db, NOTE)
            raise ValueError(word)

        async def on_dead(db: Connection, word: str) -> None:
            buried.set()

        queue.register("note", note, on_dead=on_dead)
        async with working(queue):
            async with database.transaction() as db:
                await queue.enqueue(db, NOTE)
            await asyncio.wait_for(buried.wait(), 10)
        assert attempts == [1, 2, 3]

    async def test_a_job_that_gets_on_is_not_given_up(self, queue: JobQueue, database: Database) -> None:
        """What was achieved since it was begun last clears the count of its attempts."""
        attempts: list[int] = []
        buried = asyncio.Event()

        async def note(run: JobRun, word: str) -> None:
            attempts.append(run.attempt)
            if len(attempts) == 2:
                async with database.transaction() as db:
                    await queue.progressed(db, run)
            raise ValueError(word)

        async def on_dead(db: Connection, word: str) -> None:
            buried.set()

        queue.register("note", note, on_dead=on_dead)
        async with working(queue):
            async with database.transaction() as db:
                await queue.enqueue(db, NOTE)
            await asyncio.wait_for(buried.wait(), 30)
        assert attempts == [1, 2, 2, 3]

    async def test_stopping_hands_the_job_back_without_an_attempt(self, queue: JobQueue, database: Database) -> None:
        """A deploy is not the job's fault."""
        started = asyncio.Event()

        async def note(run: JobRun, word: str) -> None:
            started.set()
            await asyncio.Event().wait()

        queue.register("note", note)
        async with working(queue):
            async with database.transaction() as db:
                await queue.enqueue(db, NOTE)
            await asyncio.wait_for(started.wait(), 10)
        async with database.connection() as db:
            row = await fetch_value(
                db, "SELECT status::text || ' ' || attempts || ' ' || coalesce(worker_id, 0) FROM procrastinate_jobs"
            )
        assert row == "todo 0 0"


class TestSweep:
    async def orphan(self, queue: JobQueue, database: Database, attempts: int = 0) -> JobRun:
        """A job whose worker has not been heard of for an hour."""
        async with database.transaction() as db:
            await queue.enqueue(db, NOTE)
            worker = await fetch_value(
                db,
                "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') RETURNING id",
            )
            await execute(
                db,
                "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s, attempts = %s",
                (worker, attempts),
            )
            job = await fetch_value(db, "SELECT id FROM procrastinate_jobs")
        return JobRun(job, worker, attempts + 1)

    async def test_a_dead_workers_job_waits_again_and_costs_an_attempt(
        self, queue: JobQueue, database: Database
    ) -> None:
        """So another worker runs it."""
        await self.orphan(queue, database)
        assert await queue.sweep() == 1
        assert await waiting(database) == 1
        async with database.connection() as db:
            assert await fetch_value(db, "SELECT attempts FROM procrastinate_jobs") == 1

    async def test_who_takes_a_job_is_alive(self, queue: JobQueue, database: Database) -> None:
        """Also where its signs of life are late, as after an outage: else it would lose the job at once."""
        lost = await self.orphan(queue, database)
        await queue.sweep()
        async with queue.running():
            taken = await queue._manager.fetch_job(["ingest"], lost.worker_id)
        assert taken is not None
        assert await queue.sweep() == 0

    async def test_a_dead_workers_job_leaves_its_attempts_to_its_twin(
        self, queue: JobQueue, database: Database
    ) -> None:
        """The twin that was enqueued meanwhile begins where the dead one ended."""
        await self.orphan(queue, database, attempts=1)
        async with database.transaction() as db:
            assert await queue.enqueue(db, NOTE)
        assert await queue.sweep() == 1
        async with database.connection() as db:
            statement = "SELECT array_agg(attempts) FROM procrastinate_jobs WHERE status = 'todo'"
            assert await fetch_value(db, statement) == [2]

    async def test_nobody_is_taken_for_dead_after_an_outage(self, database: Database) -> None:
        """While the database was away nobody could send a sign of life; all get the time to do so."""
        now = 1000.0
        queue = JobQueue(database, stale_after=15.0, clock=lambda: now)
        await queue.sweep()
        await self.orphan(queue, database)
        found = []
        for seconds in (20.0, 5.0, 5.0, 4.9, 0.2):
            now += seconds
            found.append(await queue.sweep())
        assert found == [0, 0, 0, 0, 1]

    async def test_the_dead_worker_is_fenced_off(self, queue: JobQueue, database: Database) -> None:
        """Whoever wakes after the sweep owns the job no more."""
        run = await self.orphan(queue, database)
        async with database.transaction() as db:
            await ensure_owned(db, run)
        await queue.sweep()
        with pytest.raises(JobLostError):
            async with database.transaction() as db:
                await ensure_owned(db, run)

    async def test_a_job_that_kills_its_workers_is_given_up(
        self, queue: JobQueue, database: Database, settings: Settings
    ) -> None:
        """After the last attempt it is buried in the sweep's own transaction."""
        buried: list[str] = []

        async def note(run: JobRun, word: str) -> None: ...

        async def on_dead(db: Connection, word: str) -> None:
            buried.append(word)

        queue.register("note", note, on_dead=on_dead)
        await self.orphan(queue, database, attempts=settings.max_attempts - 1)
        await queue.sweep()
        assert buried == ["hello"]
        assert await waiting(database) == 0
