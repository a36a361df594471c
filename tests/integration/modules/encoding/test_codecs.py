"""Videos in other codecs beside H.264: chosen before and after they are planned, made last, and on demand."""

from collections.abc import Callable
from uuid import UUID

import pytest
from tests.integration.modules.encoding.stage import Stage
from tests.integration.modules.encoding.test_storage_use import choose, owner_of
from tests.integration.modules.encoding.theatre import Theatre

from matinee.common.database import fetch_value
from matinee.media import keys
from matinee.modules.retention.schemas import StorageChange

Film = Callable[[str], bytes]

LADDER = ["v240", "v360"]
AV1 = ["v240-av1", "v360-av1"]
_STORED = """
SELECT coalesce(sum(upper(run) - lower(run)), 0)::integer FROM renditions, unnest(stored) AS run
WHERE video_id = %s AND name = %s
"""
_FIRST_IN_TIME = """
SELECT bool_and(a.first_cell_at >= h.first_cell_at) FROM renditions a, renditions h
WHERE a.video_id = %(video)s AND h.video_id = a.video_id AND a.name LIKE '%%-av1' AND h.name NOT LIKE '%%-av1'
"""


async def stored(stage: Stage, video_id: UUID, name: str) -> int:
    """How many cells of a rendition exist."""
    return int(await stage.value(_STORED, video_id, name))


async def until_idle(stage: Stage) -> None:
    async def is_idle() -> bool:
        return await stage.jobs_left() == 0

    await stage.until(is_idle)


class TestChoice:
    async def test_the_server_offers_what_its_setting_says(self, stage: Stage, film: Film) -> None:
        """Everything is made, the other codec behind the ladder."""
        async with stage.working(codecs=("h264", "av1"), worker_slots=1):
            video_id = await stage.upload(film("film.mkv"))
            await stage.until_complete(video_id)
        names = [rendition.name for rendition in (await stage.progress(video_id)).renditions]
        assert names == [*LADDER, *AV1, "audio"]
        assert [await stored(stage, video_id, name) for name in names] == [4] * 5
        async with stage.database.connection() as db:
            assert await fetch_value(db, _FIRST_IN_TIME, {"video": video_id})

    async def test_the_owner_s_choice_goes_before_it(self, stage: Stage, film: Film) -> None:
        """Also where he wants H.264 alone."""
        video_id = await stage.upload(film("silent.mp4"))
        use = await choose(stage, await owner_of(stage, video_id), video_id, StorageChange(codecs=[]))
        assert (use.chosen.codecs, use.effective.codecs) == ([], ("h264",))
        async with stage.working(codecs=("h264", "av1")):
            await stage.until_complete(video_id)
        assert (await stage.plan(video_id)).alternatives == ()

    async def test_a_codec_may_be_added_later(self, stage: Stage, film: Film) -> None:
        """The plan gets its renditions, which are made; what was there is the same as before."""
        async with stage.working():
            video_id = await stage.complete(film("film.mkv"))
            before, objects = await stage.plan(video_id), await stage.fingerprints(video_id)
            change = StorageChange(codecs=["hevc"])
            use = await choose(stage, await owner_of(stage, video_id), video_id, change)
            assert use.effective.codecs == ("h264", "hevc")
            assert {rendition.name for rendition in use.renditions} > {"v240-hevc", "v360-hevc"}
            assert (await stage.progress(video_id)).state != "complete"
            await choose(stage, await owner_of(stage, video_id), video_id, change)  # once more changes nothing
            await stage.until_complete(video_id)
        plan = await stage.plan(video_id)
        assert plan.video == before.video
        assert [rung.name for rung in plan.alternatives] == ["v240-hevc", "v360-hevc"]
        assert (await stage.fingerprints(video_id)).items() >= objects.items()
        assert [await stored(stage, video_id, rung.name) for rung in plan.alternatives] == [4, 4]


class TestOnDemand:
    async def test_only_what_is_watched_is_made(self, stage: Stage, film: Film, theatre: Theatre) -> None:
        """Nothing beforehand; then from the wanted cell on."""
        async with stage.working(codecs=("av1",)):
            video_id = await stage.upload(film("film.mkv"), "on_demand")
            await stage.until_status(video_id, "READY")
            await until_idle(stage)
            assert (await stage.progress(video_id)).state == "resting"
            assert [await stored(stage, video_id, name) for name in AV1] == [0, 0]
            cell = await theatre.watch(video_id, "v360-av1", 2)
            plan = await stage.plan(video_id)
            assert cell.key == keys.cell_key(video_id, plan.recipe, "v360-av1", 2)
            await until_idle(stage)
        assert await stored(stage, video_id, "v240-av1") == 0
        assert await stored(stage, video_id, "v360-av1") >= 1

    async def test_the_size_of_a_copied_picture_is_made_too(self, stage: Stage, film: Film, theatre: Theatre) -> None:
        """H.264 is not encoded in it, AV1 is, on the grid."""
        async with stage.working(codecs=("av1",)):
            video_id = await stage.upload(film("conforming.mp4"), "on_demand")
            await stage.until_status(video_id, "READY")
            await theatre.watch(video_id, "v360-av1", 1)
        plan = await stage.plan(video_id)
        assert [rung.name for rung in plan.shown] == ["v240", "v360-source", *AV1]
        assert plan.cells_of("v360-av1") == plan.grid.cells
        assert await stored(stage, video_id, "v360-av1") >= 1
        assert not [note for note in (await stage.progress(video_id)).notes if "AV1" in note]

    @pytest.mark.parametrize("name", ["v360-av1"])
    async def test_a_source_that_cannot_be_entered_is_made_as_a_whole(
        self, stage: Stage, live_film: bytes, theatre: Theatre, name: str
    ) -> None:
        """Once somebody wants to watch it in that codec."""
        async with stage.working(codecs=("av1",)):
            video_id = await stage.upload(live_film, "on_demand")
            await stage.until_status(video_id, "READY")
            await until_idle(stage)
            assert await stored(stage, video_id, name) == 0
            await theatre.watch(video_id, name, 1)
            await until_idle(stage)
        assert await stored(stage, video_id, name) == (await stage.plan(video_id)).grid.cells


@pytest.fixture
def live_film(film: Film) -> bytes:
    """A recording without an index."""
    return film("live.webm")
