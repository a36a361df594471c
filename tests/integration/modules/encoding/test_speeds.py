"""How fast workers encode: measured with every cell, and what follows from it for players."""

import time
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from tests.integration.modules.encoding.stage import Stage
from tests.integration.modules.encoding.theatre import Theatre

from matinee.common.http.viewer import ANYBODY
from matinee.media import stopwatch
from matinee.media.cells import Effort
from matinee.media.speed import work_of
from matinee.modules.encoding import cell_repository

Film = Callable[[str], bytes]
Make = Callable[..., Awaitable[bool]]

_MEASURES = "SELECT count(*) FROM encode_speeds WHERE labels = %s"
_SPEED = "SELECT film / seconds FROM encode_speeds WHERE side = %s AND alone"
_AGE = "UPDATE encode_speeds SET measured_at = measured_at - interval '2 days'"
_FORGET_ALL = "UPDATE renditions SET stored = '{}', init_hash = NULL WHERE video_id = %s"
_ADD_WORKER = """
WITH new AS (INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id)
INSERT INTO job_workers (id, lane, slots, name, host, pid, labels)
SELECT id, 'demand', 1, 'ant', 'ant', 1, '{}' FROM new RETURNING id
"""
_STORE_ALL = "UPDATE renditions SET stored = int4multirange(int4range(0, cells)) WHERE video_id = %s"


@pytest.fixture
def slow_encoder(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """`slow_encoder(n)`: by the clock that measures it FFmpeg takes n times as long as it does."""

    def slow(times: float) -> None:
        clock = SimpleNamespace(monotonic=lambda: time.monotonic() * times)
        monkeypatch.setattr(stopwatch, "time", clock)

    return slow


async def offered(stage: Stage, theatre: Theatre, video_id: Any) -> tuple[list[str], list[str]]:
    """What the master playlist and the manifest tell players of, as of now."""
    async with stage.database.connection() as db:
        await stage.encoding.read_speeds(db)
    fresh = Theatre(stage).playlists  # it remembers nothing
    master = (await fresh.master(ANYBODY, video_id)).document.body.decode()
    manifest = (await fresh.manifest(ANYBODY, video_id)).document.body.decode()
    names = [rung.name for rung in (await stage.plan(video_id)).pictures]
    return (
        [name for name in names if f"/{name}/playlist.m3u8" in master],
        [name for name in names if f'"{name}"' in manifest],
    )


class TestAWorkerThatIsTooSlow:
    async def test_makes_a_quality_that_players_are_not_told_of_until_it_is_whole(
        self, stage: Stage, film: Film, theatre: Theatre, slow_encoder: Callable[[float], None]
    ) -> None:
        """Who was told goes on; the API tells why, and how fast it is made."""
        slow_encoder(10_000)
        video_id = await stage.upload(film("long.mkv"), "on_demand")
        async with stage.working(worker_labels=("big",)):
            await stage.until_status(video_id, "READY")
            await theatre.watch(video_id, "v360", 0)
            assert await offered(stage, theatre, video_id) == (["v240", "v360"], ["v240", "v360"])
            await theatre.watch(video_id, "v360", 1)
            await theatre.watch(video_id, "v360", 2)
            assert await stage.value(_SPEED, 360) < 1
            assert await stage.value(_MEASURES, ["big"]) >= 1
            assert await offered(stage, theatre, video_id) == (["v240"], ["v240"])
            await theatre.watch(video_id, "v360", 3)
            rungs = {rung.name: rung for rung in (await stage.progress(video_id)).renditions}
            assert rungs["v240"].left_out is None
            assert rungs["v360"].speed is not None
            assert rungs["v360"].speed < 1
            assert "too slowly to be watched" in (rungs["v360"].left_out or "")
        await stage.execute(_STORE_ALL, video_id)
        assert await offered(stage, theatre, video_id) == (["v240", "v360"], ["v240", "v360"])
        assert all(rung.left_out is None for rung in (await stage.progress(video_id)).renditions)

    async def test_is_given_another_chance_a_day_later(
        self, stage: Stage, film: Film, theatre: Theatre, slow_encoder: Callable[[float], None]
    ) -> None:
        """What nobody is told of nobody measures, and the machine may be another by now."""
        slow_encoder(10_000)
        video_id = await stage.upload(film("long.mkv"), "on_demand")
        async with stage.working():
            await stage.until_status(video_id, "READY")
            for index in range(3):
                await theatre.watch(video_id, "v360", index)
            assert await offered(stage, theatre, video_id) == (["v240"], ["v240"])
            await stage.execute(_AGE)
            assert await offered(stage, theatre, video_id) == (["v240", "v360"], ["v240", "v360"])


class TestAMeasure:
    @pytest.fixture
    async def make(self, stage: Stage, film: Film) -> Make:
        """`make(seconds, alone)` records the next cell of v360; returns whether it is slow then."""
        video_id = await stage.upload(film("long.mkv"))
        async with stage.working():
            await stage.until_status(video_id, "READY")
        await stage.execute(_FORGET_ALL, video_id)
        await stage.execute("DELETE FROM encode_speeds")
        worker_id: int = await stage.value(_ADD_WORKER)
        plan, index = await stage.plan(video_id), 0
        [rung] = [rung for rung in plan.video if rung.name == "v360"]

        async def make(seconds: float, *, alone: bool = True) -> bool:
            nonlocal index
            index += 1
            cell = cell_repository.NewCell("v360", plan.recipe, index, 1, bytes(16), b"init", 1, 0)
            effort = Effort(seconds, alone)
            cell = msgspec.structs.replace(cell, work=work_of(plan, rung), effort=effort, film=4.0)
            async with stage.database.transaction() as db:
                await cell_repository.record_cell(db, video_id, cell, worker_id=worker_id)
            return bool(await stage.value("SELECT slow FROM encode_speeds"))

        return make

    async def test_says_nothing_after_one_cell(self, make: Make) -> None:
        """It may have been made while the machine woke up."""
        assert [await make(10.0), await make(10.0)] == [False, True]

    async def test_changes_its_mind_only_when_it_is_clearly_faster(self, stage: Stage, make: Make) -> None:
        """Else a quality would come and go with every cell."""
        await make(4.2)
        assert await make(4.2)
        for _ in range(20):
            slow = await make(3.8)
        assert slow
        assert await stage.value("SELECT film / seconds FROM encode_speeds") > 1
        for _ in range(10):
            slow = await make(1.0)
        assert not slow

    async def test_of_one_made_alone_goes_before_those_of_several(self, stage: Stage, make: Make) -> None:
        """What one of several takes alone is not known; it counts while there is nothing else."""
        await make(8.0, alone=False)
        assert await make(8.0, alone=False)
        assert not await make(1.0)
        assert await stage.value("SELECT seconds FROM encode_speeds") == 1.0
        assert not await make(80.0, alone=False)
        assert await stage.value("SELECT seconds FROM encode_speeds") == 1.0
