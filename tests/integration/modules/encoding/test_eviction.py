"""What nobody watches is given up, and comes back with the same bytes when somebody does."""

import asyncio
from collections.abc import Callable
from uuid import UUID

import pytest
from tests.integration.modules.encoding.stage import Stage
from tests.integration.modules.encoding.theatre import Theatre

from matinee.common.storage.port import NoSuchObjectError
from matinee.media import keys

Film = Callable[[str], bytes]

_AGE = "UPDATE renditions SET first_cell_at = now() - interval '31 days' WHERE video_id = %s"
_AGE_WATCHED = "UPDATE watched_renditions SET watched_at = now() - interval '31 days' WHERE video_id = %s"
_WATCHED = "INSERT INTO watched_renditions (video_id, name, watched_at) VALUES (%s, %s, now() - interval '29 days')"
_STORED = "SELECT NOT isempty(stored) FROM renditions WHERE video_id = %s AND name = %s"
_EVICTING = "SELECT count(*) FROM renditions WHERE evicting"


@pytest.fixture
async def complete(stage: Stage, film: Film) -> UUID:
    """A film of two rungs and sound, complete for a month."""
    video_id = await stage.complete(film("film.mkv"))
    await stage.execute(_AGE, video_id)
    return video_id


async def has_object(stage: Stage, video_id: UUID, rendition: str) -> bool:
    """Whether the first cell of a rendition is in the storage."""
    recipe = (await stage.plan(video_id)).recipe
    try:
        await stage.storage.size(keys.cell_key(video_id, recipe, rendition, 0))
    except NoSuchObjectError:
        return False
    return True


async def evicted(stage: Stage) -> bool:
    """Whether no eviction is under way."""
    return await stage.value(_EVICTING) == 0


class TestEviction:
    async def test_leaves_the_lowest_rung_and_the_sound(self, stage: Stage, complete: UUID) -> None:
        """Rungs that nobody watched for long enough are deleted, from the storage too."""
        await stage.retention(keep_days=30).begin_evictions()
        async with stage.working():
            await stage.until(lambda: evicted(stage))
        kept = {name: await stage.value(_STORED, complete, name) for name in ("v240", "v360", "audio")}
        assert kept == {"v240": True, "v360": False, "audio": True}
        assert [await has_object(stage, complete, name) for name in kept] == [True, False, True]
        assert (await stage.progress(complete)).state == "resting"

    async def test_comes_back_with_the_same_bytes(
        self, stage: Stage, theatre: Theatre, complete: UUID, reference: dict[str, str]
    ) -> None:
        """Whoever watches an evicted rung has it made again; he waits for the deletion where it still runs."""
        await stage.retention(keep_days=30).begin_evictions()
        watching = asyncio.gather(*(theatre.watch(complete, "v360", index) for index in range(4)))
        async with stage.working():
            await watching
            await stage.until(lambda: evicted(stage))
            assert await stage.fingerprints(complete) == reference

    @pytest.mark.parametrize("default_days", [0, 90])
    async def test_spares_what_the_policy_keeps(self, stage: Stage, complete: UUID, default_days: int) -> None:
        """Kept for ever, or for longer than it has been unwatched."""
        await stage.retention(keep_days=default_days).begin_evictions()
        assert await evicted(stage)

    @pytest.mark.parametrize(("own_days", "default_days"), [(0, 30), (60, 30)])
    async def test_the_owners_choice_comes_first(
        self, stage: Stage, complete: UUID, own_days: int, default_days: int
    ) -> None:
        """What the owner wants to keep is kept, whatever the server's default."""
        await stage.execute("UPDATE videos SET keep_days = %s WHERE id = %s", own_days, complete)
        await stage.retention(keep_days=default_days).begin_evictions()
        assert await evicted(stage)

    async def test_spares_what_was_watched(self, stage: Stage, complete: UUID) -> None:
        """A viewer within the time keeps a rung for as long again."""
        await stage.execute(_WATCHED, complete, "v360")
        await stage.retention(keep_days=30).begin_evictions()
        assert await evicted(stage)
        await stage.execute(_AGE_WATCHED, complete)
        await stage.retention(keep_days=30).begin_evictions()
        assert not await evicted(stage)

    async def test_goes_on_after_its_job_was_lost(self, stage: Stage, complete: UUID) -> None:
        """An eviction whose job was given up is taken up again, and deletes what is left."""
        retention = stage.retention(keep_days=30)
        await retention.begin_evictions()
        await stage.execute("DELETE FROM procrastinate_jobs WHERE task_name = 'retention.evict'")
        await retention.resume_evictions()
        async with stage.working():
            await stage.until(lambda: evicted(stage))
        assert not await has_object(stage, complete, "v360")

    async def test_a_cell_made_before_it_is_not_recorded_after_it(
        self, stage: Stage, theatre: Theatre, film: Film, complete: UUID, reference: dict[str, str]
    ) -> None:
        """An encode that the eviction overtakes leaves nothing that is not there."""
        await stage.forget(complete, chunks=2)
        async with stage.working():
            await stage.until_cells(complete, 5)
            await stage.execute(_AGE, complete)
            await stage.retention(keep_days=30).begin_evictions()
            await stage.until(lambda: evicted(stage))
            await asyncio.gather(*(theatre.watch(complete, "v360", index) for index in range(4)))
            await stage.until_complete(complete)
            assert await stage.fingerprints(complete) == reference
