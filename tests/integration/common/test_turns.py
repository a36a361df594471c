"""Whose job is next: owners take turns, however many jobs one of them has, and finding out costs the same."""

import asyncio
import contextlib
import json
from collections.abc import Sequence
from uuid import UUID

import pytest

from matinee.common.database import Connection, Database, execute, fetch_value
from matinee.common.jobs import URGENT, JobQueue, JobRun, Lane, NewJob, WorkerIdentity

_ADD_USER = "INSERT INTO users (email, password_hash, name) VALUES (%s || '@example.org', '', %s) RETURNING id"
_ADD_VIDEO = """
INSERT INTO videos (owner_id, title, filename, filesize, filetype, part_size, encode_priority)
VALUES (%s, 'A film', 'film', 1, 'video/mp4', 1, %s) RETURNING id
"""
# The triggers, which note and tell every job, would take most of the time.
_QUIET = "ALTER TABLE procrastinate_jobs DISABLE TRIGGER USER"
_ADD_MANY = """
INSERT INTO procrastinate_jobs (queue_name, task_name, priority, args, share)
SELECT 'encode', 'note', -(n / 1000), json_build_object('video_id', md5((n %% 5000)::text)::uuid)::jsonb,
    md5('owner' || n %% 1000)::uuid
FROM generate_series(%s::integer, %s::integer) n
"""
_ANALYZE = "ANALYZE procrastinate_jobs"
_ADD_WORKER = "INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id"
_ADD_IMPORTER = """
INSERT INTO job_workers (id, lane, slots, name, host, pid, labels) VALUES (%s, 'imports', 4, 'ant', '', 0, '{}')
"""
_FETCH_IMPORT = "SELECT args ->> 'word' FROM fetch_job('{imports}', %s)"
_EXPLAIN_FETCH = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT * FROM fetch_job('{encode}', %s)"


async def add_video(db: Connection, owner: str, priority: int = 1) -> UUID:
    """A video of that owner, who may have some already."""
    user = await fetch_value(db, "SELECT id FROM users WHERE name = %s", (owner,))
    user = user or await fetch_value(db, _ADD_USER, (owner, owner))
    video_id: UUID = await fetch_value(db, _ADD_VIDEO, (user, priority))
    return video_id


def note(video_id: UUID, word: str, *, lane: Lane = "ingest", **fields: object) -> NewJob:
    """A job that writes a word down."""
    return NewJob(name="note", lane=lane, args={"video_id": str(video_id), "word": word}, **fields)  # type: ignore[arg-type]


class Notes:
    """Words in the order in which one slot of a lane wrote them down."""

    def __init__(self, queue: JobQueue) -> None:
        self.words: list[str] = []
        self._queue = queue
        self._written = asyncio.Event()
        queue.register("note", self._note)

    async def _note(self, run: JobRun, video_id: str, word: str) -> None:
        self.words.append(word)
        self._written.set()

    async def work(self, count: int, lane: Lane = "ingest", labels: Sequence[str] = ()) -> list[str]:
        """Works with a single slot until so many words are written."""
        who = WorkerIdentity("ant", tuple(labels))
        async with asyncio.timeout(30), self._queue.running():
            lane_task = asyncio.create_task(self._queue.work(lane, slots=1, grace=1.0, who=who))
            try:
                while len(self.words) < count:
                    self._written.clear()
                    await self._written.wait()
            finally:
                lane_task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await lane_task
        return self.words


@pytest.fixture
def notes(queue: JobQueue) -> Notes:
    """Jobs leave words here."""
    return Notes(queue)


class TestTurns:
    async def test_a_hundred_uploads_of_one_do_not_starve_the_first_of_another(
        self, database: Database, queue: JobQueue, notes: Notes
    ) -> None:
        """B came last, and is among the first three."""
        async with database.transaction() as db:
            for _ in range(100):
                await queue.enqueue(db, note(await add_video(db, "A"), "A"))
            await queue.enqueue(db, note(await add_video(db, "B"), "B"))
        assert "B" in (await notes.work(3))[:3]

    async def test_three_owners_get_a_third_each(self, database: Database, queue: JobQueue, notes: Notes) -> None:
        """However many jobs each has, and whenever they came."""
        async with database.transaction() as db:
            for owner, count in (("A", 30), ("B", 20), ("C", 10)):
                video_id = await add_video(db, owner)
                await queue.enqueue_all(db, [note(video_id, owner) for _ in range(count)])
        first = (await notes.work(30))[:30]
        assert {owner: first.count(owner) for owner in "ABC"} == {"A": 10, "B": 10, "C": 10}

    async def test_two_long_videos_of_an_owner_both_progress(
        self, database: Database, queue: JobQueue, notes: Notes
    ) -> None:
        """Their chunks alternate, the earlier ones first: the priority that chunks are enqueued with."""
        async with database.transaction() as db:
            for name in ("first", "second"):
                video_id = await add_video(db, "A")
                jobs = [note(video_id, name, priority=-chunk) for chunk in range(1, 50)]
                await queue.enqueue_all(db, jobs)
        assert (await notes.work(6))[:6] == ["first", "second"] * 3

    async def test_an_urgent_job_waits_for_nobody(self, database: Database, queue: JobQueue, notes: Notes) -> None:
        """Somebody waits for it: it goes first, also before a video of high priority."""
        async with database.transaction() as db:
            await queue.enqueue(db, note(await add_video(db, "A", priority=2), "high"))
            await queue.enqueue(db, note(await add_video(db, "B", priority=0), "low"))
            await queue.enqueue(db, note(await add_video(db, "B"), "normal"))
            await queue.enqueue(db, note(await add_video(db, "B", priority=0), "urgent", priority=URGENT))
        assert await notes.work(4) == ["urgent", "high", "normal", "low"]

    async def test_nobody_has_more_than_half_of_what_is_fetched_at_once(
        self, database: Database, queue: JobQueue
    ) -> None:
        """Of the places for imports that living workers have; others have their turn meanwhile."""
        async with database.connection() as db:
            worker = await fetch_value(db, _ADD_WORKER)
            await execute(db, _ADD_IMPORTER, (worker,))
            for owner in ("A", "A", "A", "B"):
                await queue.enqueue(db, note(await add_video(db, owner), owner, lane="imports"))
            taken = [await fetch_value(db, _FETCH_IMPORT, (worker,)) for _ in range(4)]
        assert sorted(filter(None, taken)) == ["A", "A", "B"]

    @pytest.mark.slow
    async def test_finding_the_next_job_looks_at_few_pages_whatever_waits(self, database: Database) -> None:
        """A hundred thousand jobs of a thousand owners take thousands of pages; some dozens of them are read."""
        async with database.connection() as db:
            await execute(db, _QUIET)
            for first in range(1, 100_001, 10_000):
                await execute(db, _ADD_MANY, (first, first + 9_999))
            await execute(db, _ANALYZE)
            worker = await fetch_value(db, _ADD_WORKER)
            touched = []
            for _ in range(8):  # the sixth call may take another plan
                (plan,) = json.loads(await fetch_value(db, _EXPLAIN_FETCH, (worker,)))
                touched.append(plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"])
            owners = "SELECT count(DISTINCT share) FROM procrastinate_jobs WHERE status = 'doing'"
            assert await fetch_value(db, owners) == 8
        assert max(touched[1:]) < 150  # the first one reads the catalogue


class TestNeeds:
    async def test_a_job_is_run_by_whoever_has_its_labels(
        self, database: Database, queue: JobQueue, notes: Notes
    ) -> None:
        """One without them leaves it alone; one with more takes it, in turn with what needs nothing."""
        async with database.transaction() as db:
            big = await add_video(db, "A")
            await queue.enqueue_all(db, [note(big, "big", needs=frozenset({"big"})) for _ in range(3)])
            await queue.enqueue_all(db, [note(await add_video(db, "B"), "small") for _ in range(3)])
        assert await notes.work(3) == ["small"] * 3
        async with database.transaction() as db:
            await queue.enqueue_all(db, [note(await add_video(db, "B"), "small") for _ in range(2)])
        taken = await notes.work(8, labels=["gpu", "big"])
        assert (taken[3:].count("big"), taken[3:].count("small")) == (3, 2)
        assert taken[3:7] in (["big", "small"] * 2, ["small", "big"] * 2)
