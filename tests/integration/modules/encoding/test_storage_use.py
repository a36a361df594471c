"""What a video takes, as its owner sees it, and what he chooses to keep."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from tests.integration.modules.encoding.stage import Stage

from matinee.common.http.authentication import Caller
from matinee.media import keys
from matinee.modules.retention.schemas import StorageChange, VideoStorage
from matinee.modules.videos.errors import VideoNotFound

Film = Callable[[str], bytes]


async def owner_of(stage: Stage, video_id: UUID) -> Caller:
    """Whose video it is."""
    owner = await stage.value("SELECT owner_id FROM videos WHERE id = %s", video_id)
    return Caller(user_id=owner, role="USER", session_id=uuid4())


async def storage_of(stage: Stage, caller: Caller, video_id: UUID) -> VideoStorage:
    async with stage.database.connection() as db:
        return await stage.retention(keep_days=7).get(db, caller, video_id)


async def choose(stage: Stage, caller: Caller, video_id: UUID, change: StorageChange) -> VideoStorage:
    async with stage.database.transaction() as db:
        return await stage.retention(keep_days=7).change(db, caller, video_id, change)


class TestStorage:
    async def test_tells_the_bytes_of_every_rendition(self, stage: Stage, film: Film) -> None:
        """They are those of the objects; what may be deleted is told apart, and what that would save."""
        video_id = await stage.complete(film("film.mkv"))
        plan = await stage.plan(video_id)
        use = await storage_of(stage, await owner_of(stage, video_id), video_id)
        for rendition in use.renditions:
            cells = [keys.cell_key(video_id, plan.recipe, rendition.name, index) for index in range(4)]
            assert rendition.bytes == sum([await stage.storage.size(key) for key in cells])
        assert [(r.name, r.kind, r.evictable) for r in use.renditions] == [
            ("v240", "video", False),
            ("v360", "video", True),
            ("audio", "audio", False),
        ]
        assert use.source_bytes == len(film("film.mkv"))
        assert use.evictable_bytes == use.renditions[1].bytes
        assert [saving.bytes for saving in use.savings] == [0, 0, 0]
        await stage.execute("UPDATE renditions SET first_cell_at = now() - interval '40 days'")
        use = await storage_of(stage, await owner_of(stage, video_id), video_id)
        assert [saving.bytes for saving in use.savings] == [use.evictable_bytes, use.evictable_bytes, 0]

    async def test_a_choice_holds_until_it_is_taken_back(self, stage: Stage, film: Film) -> None:
        """What is left out stays, and null gives the say back to the server."""
        video_id = await stage.upload(film("silent.mp4"))
        caller = await owner_of(stage, video_id)
        await stage.execute("UPDATE videos SET encode_policy = NULL WHERE id = %s", video_id)
        use = await choose(stage, caller, video_id, StorageChange(encode_policy="on_demand"))
        assert (use.chosen.encode_policy, use.chosen.keep_days) == ("on_demand", None)
        assert (use.effective.encode_policy, use.effective.keep_days) == ("on_demand", 7)
        use = await choose(stage, caller, video_id, StorageChange(keep_days=0))
        assert (use.effective.encode_policy, use.effective.keep_days) == ("on_demand", 0)
        use = await choose(stage, caller, video_id, StorageChange(encode_policy=None, keep_days=None))
        assert (use.effective.encode_policy, use.effective.keep_days) == ("eager", 7)

    async def test_eager_makes_what_is_missing(self, stage: Stage, film: Film, reference: dict[str, str]) -> None:
        """A video of which only what is watched was made becomes complete."""
        async with stage.working():
            video_id = await stage.upload(film("film.mkv"), "on_demand")
            await stage.until_status(video_id, "READY")

            async def is_idle() -> bool:
                return await stage.jobs_left() == 0

            await stage.until(is_idle)
            assert (await stage.progress(video_id)).state == "resting"
            await choose(stage, await owner_of(stage, video_id), video_id, StorageChange(encode_policy="eager"))
            await stage.until_complete(video_id)
        assert await stage.fingerprints(video_id) == reference

    async def test_is_nobody_elses_business(self, stage: Stage, film: Film) -> None:
        """Another user's video answers as one that does not exist."""
        video_id = await stage.upload(film("silent.mp4"))
        stranger = Caller(user_id=uuid4(), role="USER", session_id=uuid4())
        with pytest.raises(VideoNotFound):
            await storage_of(stage, stranger, video_id)
        with pytest.raises(VideoNotFound):
            await choose(stage, stranger, video_id, StorageChange(keep_days=1))
