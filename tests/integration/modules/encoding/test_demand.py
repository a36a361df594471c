"""Cells that are made because somebody watches."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from uuid import UUID

import msgspec
import psutil
import pytest
from tests.integration.modules.encoding.stage import Stage, WorkerProcess
from tests.integration.modules.encoding.test_clips import encoded
from tests.integration.modules.encoding.theatre import Theatre

from matinee import worker
from matinee.common.config import Settings
from matinee.common.database import Database, execute
from matinee.common.http.viewer import ANYBODY
from matinee.common.jobs import JobQueue
from matinee.common.storage.s3 import S3Storage
from matinee.embedded.databases import create_database, drop_database
from matinee.embedded.postgres import PostgresEndpoint
from matinee.media import brake
from matinee.media.encode import encode_cells
from matinee.modules.encoding import demand
from matinee.modules.encoding.ahead import AHEAD_CELLS, Choice, Paces, still_needed
from matinee.modules.playback.errors import ViewerLeftError

__all__ = ["encoded"]

Film = Callable[[str], bytes]

_STORED = "SELECT coalesce(array_agg(i ORDER BY i), '{}') FROM renditions, generate_series(0, cells - 1) i"
_DEMANDS = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'encoding.demand'"
_STOP_FILLING = "DELETE FROM procrastinate_jobs WHERE status = 'todo' AND task_name = 'encoding.chunk'"


async def stored(stage: Stage, video_id: UUID, name: str) -> list[int]:
    """The cells of a rendition that exist."""
    found: list[int] = await stage.value(
        f"{_STORED} WHERE video_id = %s AND name = %s AND stored @> i", video_id, name
    )
    return found


async def is_stored(stage: Stage, video_id: UUID, name: str, cell: int) -> bool:
    """Whether a cell exists."""
    return cell in await stored(stage, video_id, name)


async def holds(so: bool) -> bool:
    """What is so in this process."""
    return so


async def idle(stage: Stage) -> bool:
    """Whether no encoding job is left."""
    return await stage.jobs_left() == 0


async def nothing_left(stage: Stage) -> bool:
    """Whether no job is left of any kind."""
    return await stage.value("SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')") == 0


@pytest.fixture(scope="module")
async def lean_template(
    shared_settings: Settings,
    postgres: PostgresEndpoint,
    template: str,
    storage: S3Storage,
    film: Film,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[str, UUID]]:
    """A database, and in it a film of 33 cells of which the lowest rung exists, and the first cell of v360."""
    name = f"lean_{secrets.token_hex(6)}"
    settings = msgspec.structs.replace(
        shared_settings,
        database_url=create_database(postgres, name, template=template),
        scratch_dir=tmp_path_factory.mktemp("scratch"),
    )
    database = Database(settings.database_url, size=settings.database_pool_size)
    stage = Stage(settings, database, storage, JobQueue(database))
    try:
        await database.open()
        async with stage.working():
            video_id = await stage.upload(film("long.mkv"), "on_demand")
            await stage.until_status(video_id, "READY")
            await stage.until(lambda: nothing_left(stage))
        assert await stored(stage, video_id, "v240") == list(range(33))
        assert await stored(stage, video_id, "v360") == [0]
        await database.close()
        yield name, video_id
    finally:
        await database.close()
        drop_database(postgres, name)


@pytest.fixture
def database_url(postgres: PostgresEndpoint, lean_template: tuple[str, UUID]) -> Iterator[str]:
    """A copy of the database, in which the film is each test's own; the objects of all copies are the same."""
    name = f"test_{secrets.token_hex(6)}"
    yield create_database(postgres, name, template=lean_template[0])
    drop_database(postgres, name)


@pytest.fixture
def lean(lean_template: tuple[str, UUID]) -> UUID:
    """The film of 33 cells."""
    return lean_template[1]


class TestOpening:
    async def test_the_first_cells_of_small_rungs_are_made_before_anything_else(
        self, stage: Stage, film: Film, encoded: list[tuple[str, int]]
    ) -> None:
        """Players begin with one of these; larger rungs begin when the video plays."""
        async with stage.working():
            video_id = await stage.upload(film("three-rungs.mkv"), "on_demand")
            await stage.until_status(video_id, "READY")
            await stage.until(lambda: idle(stage))
        assert encoded[:2] == [("v240", 0), ("v360", 0)]
        made = {rung.name: await stored(stage, video_id, rung.name) for rung in (await stage.plan(video_id)).video}
        assert made == {"v240": [0, 1, 2], "v360": [0], "v480": [0]}


class TestWanted:
    async def test_begins_at_the_wanted_cell_and_goes_on_ahead(
        self, stage: Stage, theatre: Theatre, lean: UUID
    ) -> None:
        """What comes before it is left, and what a viewer will need next is there before he asks."""
        async with stage.working():
            cell = await theatre.watch(lean, "v360", 11)
            assert cell.key.endswith("/v360/11.m4s")
            await stage.until(lambda: idle(stage))
        made = await stored(stage, lean, "v360")
        assert made[:2] == [0, 11]
        assert made[-1] <= 11 + 2 * AHEAD_CELLS
        assert made[1:] == list(range(11, made[-1] + 1))

    async def test_many_viewers_of_one_cell_have_it_made_once(
        self, stage: Stage, theatre: Theatre, lean: UUID, worker_process: Callable[..., WorkerProcess]
    ) -> None:
        """Twenty requests of two processes are one job, and one cell."""
        async with Theatre.open(stage) as other:
            viewers = [(theatre, other)[n % 2].watch(lean, "v360", 20) for n in range(20)]
            watching = asyncio.gather(*viewers)
            await stage.until(lambda: has_demands(stage, 1))
            async with stage.working():
                cells = await watching
        assert len({cell.key for cell in cells}) == 1

    async def test_viewers_at_different_places_are_served_both(
        self, stage: Stage, theatre: Theatre, lean: UUID
    ) -> None:
        """Each has a job, and what lies between them is left."""
        async with stage.working():
            await asyncio.gather(theatre.watch(lean, "v360", 3), theatre.watch(lean, "v360", 31))
            await stage.until(lambda: idle(stage))
        assert not set(range(1 + 3 + 2 * AHEAD_CELLS, 31)) & set(await stored(stage, lean, "v360"))

    async def test_a_seek_moves_the_front(self, stage: Stage, theatre: Theatre, lean: UUID) -> None:
        """Whoever jumps within the minute is served next, not after what was to be made ahead."""
        async with stage.working():
            await theatre.watch(lean, "v360", 2)
            await theatre.watch(lean, "v360", 14)
            made = await stored(stage, lean, "v360")
        assert 14 in made
        assert 13 not in made

    async def test_one_failure_does_not_end_the_rest(self, stage: Stage, theatre: Theatre, lean: UUID) -> None:
        """A part that could not be made is told, and what is asked for is made all the same."""
        await stage.execute("UPDATE videos SET encoding_failure = 'A part was damaged.' WHERE id = %s", lean)
        assert (await stage.progress(lean)).state == "failed"
        async with stage.working():
            cell = await theatre.watch(lean, "v360", 5)
            await theatre.cells.cell(ANYBODY, lean, (await stage.plan(lean)).recipe, "v360", 5)
            await stage.until(lambda: is_stored(stage, lean, "v360", 6))
        assert cell.key.endswith("/v360/5.m4s")

    async def test_makes_the_bytes_that_filling_makes(
        self, stage: Stage, theatre: Theatre, film: Film, reference: dict[str, str]
    ) -> None:
        """Cell by cell from the last to the first, and nothing tells them from those made in the background."""
        async with stage.working():
            video_id = await stage.upload(film("film.mkv"), "on_demand")
            await stage.until_status(video_id, "READY")
            for index in (3, 1, 2, 0):
                await theatre.watch(video_id, "v360", index)
            await stage.until(lambda: idle(stage))
            assert await stage.fingerprints(video_id) == reference

    async def test_does_not_wait_for_the_background(self, stage: Stage, theatre: Theatre, lean: UUID) -> None:
        """With every slot busy for minutes it is made at once."""
        async with stage.working():
            await stage.execute("UPDATE videos SET encode_policy = 'eager' WHERE id = %s", lean)
            await stage.forget(lean, chunks=11)
            await stage.until_cells(lean, 1)
            await theatre.watch(lean, "v360", 30)
            assert len(await stored(stage, lean, "v360")) < 20
            await stage.execute(_STOP_FILLING)


class TestSound:
    async def test_it_is_made_for_a_listener_while_a_picture_is_waited_for(
        self, stage: Stage, theatre: Theatre, film: Film, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """With some cells in hand it makes way for the picture, but not with a cell for which somebody waits."""
        monkeypatch.setattr(brake, "LONGEST_HOLD", 3600.0)  # nothing else lets it go on
        video_id = await stage.upload(film("long.mp3"))
        async with stage.working() as worker:
            with worker._encoding._options.brake.applied():  # as a viewer's cell of a picture does
                await stage.until(is_held)
                last = (await stage.plan(video_id)).grid.cells - 1
                assert not await is_stored(stage, video_id, "audio", last)
                assert (await theatre.watch(video_id, "audio", last)).key.endswith(f"/audio/{last}.m4s")


class Held:
    """The encoder, whose cells are held back but for those that may go on."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.ended: list[int] = []
        self.free: set[int] = set()
        self._freed = asyncio.Event()

    def let_go(self, *cells: int) -> None:
        """Lets these cells be made."""
        self.free.update(cells)
        self._freed.set()

    async def __call__(self, source: str, plan: Any, cells: range, names: list[str], **more: Any) -> Any:
        self.begun.append(cells.start)
        try:
            while cells.start not in self.free:
                self._freed.clear()
                await self._freed.wait()
        except asyncio.CancelledError:
            self.ended.append(cells.start)
            raise
        async for cell in encode_cells(source, plan, cells, names, **more):
            yield cell


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Held:
    """An encoder that takes its time, and a runner that looks often who still waits."""
    encoder = Held()
    monkeypatch.setattr(demand, "encode_cells", encoder)
    monkeypatch.setattr(demand, "LOOK_SECONDS", 0.05)
    return encoder


class TestInTheMaking:
    async def test_an_encoder_ends_when_its_viewer_has_left(
        self, stage: Stage, theatre: Theatre, lean: UUID, held: Held
    ) -> None:
        """Its slot is free for others, and nothing of the cell is kept."""
        gone = asyncio.Event()
        async with stage.working():
            watching = asyncio.create_task(theatre.watch(lean, "v360", 20, gone))
            await stage.until(lambda: holds(held.begun == [20]))
            gone.set()
            with pytest.raises(ViewerLeftError):
                await watching
            await stage.until(lambda: holds(held.ended == [20]))
            await stage.until(lambda: idle(stage))
        assert await stored(stage, lean, "v360") == [0]

    async def test_what_is_nearly_done_is_kept(
        self, stage: Stage, theatre: Theatre, lean: UUID, held: Held, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The viewer may come back, and most of the work is done."""
        seen: list[Choice | None] = []
        monkeypatch.setattr(Paces, "is_nearly_done", lambda *_: True)
        monkeypatch.setattr(demand, "still_needed", lambda *now: seen.append(still_needed(*now)) or seen[-1])
        gone = asyncio.Event()
        async with stage.working():
            watching = asyncio.create_task(theatre.watch(lean, "v360", 20, gone))
            await stage.until(lambda: holds(held.begun == [20]))
            gone.set()
            with pytest.raises(ViewerLeftError):
                await watching
            await stage.until(lambda: holds(None in seen))
            held.let_go(20)
            await stage.until(lambda: idle(stage))
        assert (held.ended, await stored(stage, lean, "v360")) == ([], [0, 20])

    async def test_what_is_made_ahead_makes_way_for_whoever_jumps_within_the_minute(
        self, stage: Stage, theatre: Theatre, lean: UUID, held: Held, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """He waits for his own cell alone, not for the one that was begun before he came."""
        monkeypatch.setattr(Paces, "is_nearly_done", lambda *_: False)
        held.let_go(16, 28)
        async with stage.working():
            await theatre.watch(lean, "v360", 16)
            await stage.until(lambda: holds(held.begun == [16, 17]))
            await theatre.watch(lean, "v360", 28)
            assert held.begun[:3] == [16, 17, 28]
            assert 17 in held.ended

    async def test_what_is_made_ahead_makes_way_for_whoever_waits_for_its_slot(
        self, stage: Stage, theatre: Theatre, lean: UUID, held: Held, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """He waits in another minute, which is another job; the one ahead of the first viewer goes on after it."""
        monkeypatch.setattr(Paces, "is_nearly_done", lambda *_: False)
        held.let_go(2, 20)
        monkeypatch.setattr(worker, "DEMAND_SLOTS", 1)
        async with stage.working():
            await theatre.watch(lean, "v360", 2)
            await stage.until(lambda: holds(held.begun == [2, 3]))
            await theatre.watch(lean, "v360", 20)
            assert held.begun[:3] == [2, 3, 20]
            assert await stage.value("SELECT ends_at > now() FROM interests WHERE cell = 2")  # he has not left
            held.let_go(3)
            await theatre.watch(lean, "v360", 3)
        assert 3 in held.ended


class TestLeaving:
    async def test_what_nobody_waits_for_any_more_is_not_made(
        self, stage: Stage, theatre: Theatre, lean: UUID
    ) -> None:
        """The viewer left before a worker came: the job ends without a cell."""
        gone = asyncio.Event()
        watching = asyncio.create_task(theatre.watch(lean, "v360", 20, gone))
        await stage.until(lambda: has_demands(stage, 1))
        gone.set()
        with pytest.raises(ViewerLeftError):
            await watching
        await stage.until(lambda: nobody_waits(stage))
        async with stage.working():
            await stage.until(lambda: idle(stage))
        assert await stored(stage, lean, "v360") == [0]

    async def test_a_killed_worker_costs_the_viewer_only_time(
        self, stage: Stage, theatre: Theatre, lean: UUID, worker_process: Callable[..., WorkerProcess]
    ) -> None:
        """The next worker makes the cell; the viewer has waited for it all the while."""
        watching = asyncio.create_task(theatre.watch(lean, "v360", 20))
        process = worker_process()
        await stage.until(process.encodes)
        process.kill()
        worker_process()
        assert (await watching).key.endswith("/v360/20.m4s")

    async def test_waiting_outlasts_the_database(self, stage: Stage, theatre: Theatre, lean: UUID) -> None:
        """All connections are cut while a viewer waits: he is told all the same."""
        watching = asyncio.create_task(theatre.watch(lean, "v360", 20))
        await stage.until(lambda: has_demands(stage, 1))
        await drop_connections(stage)
        async with stage.working():
            assert (await watching).key.endswith("/v360/20.m4s")


async def is_held() -> bool:
    """Whether an FFmpeg of this process is stopped."""
    try:
        return any(child.status() == psutil.STATUS_STOPPED for child in psutil.Process().children())
    except psutil.Error:  # a child that ended while it was looked at
        return False


async def has_demands(stage: Stage, count: int) -> bool:
    return int(await stage.value(_DEMANDS)) == count


async def nobody_waits(stage: Stage) -> bool:
    return not await stage.value("SELECT EXISTS (SELECT 1 FROM interests WHERE ends_at > now())")


async def drop_connections(stage: Stage) -> None:
    """Ends the connection that hears of news."""
    async with stage.database.connection() as db:
        await execute(
            db,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = 'matinee-listen'",
        )
