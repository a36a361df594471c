"""What `matinee storage verify` finds, and that what it has made again is there again."""

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from uuid import UUID, uuid4

import pytest
from tests.integration.modules.encoding.stage import Stage

from matinee.media import keys
from matinee.modules.inspection.service import Inspection
from matinee.modules.integrity.stored import store

Film = Callable[[str], bytes]

_ADD_RENDITION = """
INSERT INTO renditions (video_id, name, recipe, position, cells, stored, bytes, init_hash, keyframe_bytes)
VALUES (%s, 'v240', 'r4', 0, 4, '{[0,2)}', 2, %s, '{1,1,NULL,NULL}')
"""


@pytest.fixture
async def made(stage: Stage, film: Film) -> UUID:
    """A video that is complete, with its pictures."""
    async with stage.working():
        video_id = await stage.upload(film("film.mkv"))
        await stage.until_complete(video_id)
        await stage.until(lambda: has_pictures(stage, video_id))
    return video_id


@pytest.fixture
async def told(stage: Stage) -> UUID:
    """A video of which nobody has made what is recorded: the init segment and two of four segments of a quality."""
    video_id = await stage.upload(b"film")
    await stage.execute("""UPDATE videos SET plan = '{"recipe": "r4"}' WHERE id = %s""", video_id)
    await stage.execute(_ADD_RENDITION, video_id, sha256(b"init").digest())
    await stage.storage.put(keys.init_key(video_id, "r4", "v240"), b"init", "video/mp4")
    for index in range(2):
        await stage.storage.put(keys.cell_key(video_id, "r4", "v240", index), b"x", "video/mp4")
    return video_id


async def has_pictures(stage: Stage, video_id: UUID) -> bool:
    sql = "SELECT has_poster AND has_preview AND storyboard IS NOT NULL FROM videos WHERE id = %s"
    return bool(await stage.value(sql, video_id))


class Look:
    """Inspections of one video; the bucket is shared with other tests."""

    def __init__(self, stage: Stage, video_id: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
        self.stage = stage
        self.prefix = keys.video_prefix(video_id)
        monkeypatch.setattr(keys, "PREFIX", self.prefix)

    def inspection(self, *, deep: bool = False, margin: timedelta = timedelta(hours=-1)) -> Inspection:
        """With a margin that makes an orphan of everything that is stored now."""
        stage = self.stage
        return Inspection(stage.database, stage.storage, stage.queue, stage.encoding, margin=margin, deep=deep)

    async def found(self, *, deep: bool = False, margin: timedelta = timedelta(hours=-1)) -> list[tuple[str, str]]:
        inspection = self.inspection(deep=deep, margin=margin)
        found = [finding async for finding in inspection.inspect(lambda: None)]
        return [(finding.kind, finding.key.removeprefix(self.prefix)) for finding in found]

    async def repair(self) -> None:
        inspection = self.inspection()
        async for finding in inspection.inspect(lambda: None):
            assert await inspection.repair(finding), finding


class TestInspection:
    async def test_lost_segments_and_pictures_are_made_again(
        self, stage: Stage, made: UUID, monkeypatch: pytest.MonkeyPatch, reference: dict[str, str]
    ) -> None:
        """Also what is damaged, at the same length and all: with the same bytes; nothing else is touched."""
        look = Look(stage, made, monkeypatch)
        assert await look.found(deep=True) == []
        plan = await stage.plan(made)
        assert plan.audio is not None
        sound = plan.audio.name
        recipe, (high, low) = plan.recipe, [rung.name for rung in reversed(plan.video)]
        for key in (
            keys.cell_key(made, recipe, high, 1),
            keys.cell_key(made, recipe, high, 3),
            keys.init_key(made, recipe, low),
            keys.poster_key(made),
            keys.sheet_key(made, 1, 0),
        ):
            await stage.storage.delete(key)
        for key in (keys.cell_key(made, recipe, sound, 2), keys.preview_key(made)):
            await stage.storage.put(key, bytes(await stage.storage.size(key)), "video/mp4")
        assert sorted(await look.found()) == [
            ("missing", "pictures/storyboard-1/0.jpg"),
            ("missing", "poster.jpg"),
            ("missing", f"{recipe}/{low}/init.mp4"),
            ("missing", f"{recipe}/{high}/"),
            ("wrong_hash", "pictures/preview.webp"),
            ("wrong_hash", f"{recipe}/{sound}/"),
        ]
        await look.repair()
        assert await stage.cells(made) == 4 * 3 - 4 - 2 - 1
        async with stage.working():
            await stage.until(lambda: has_pictures(stage, made))
            await stage.until_complete(made)
        assert await look.found(deep=True) == []
        assert await stage.fingerprints(made) == reference

    async def test_orphans_are_told_and_removed(
        self, stage: Stage, told: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What may have its row any moment is none, nor a segment that is not recorded."""
        look = Look(stage, told, monkeypatch)
        await stage.storage.put(f"{look.prefix}r0/v240/0.m4s", b"x", "video/mp4")
        await stage.storage.put(keys.captions_key(told, uuid4()), b"x", "text/vtt")
        await stage.storage.put(keys.thumbnail_key(told, "r4", "v240", 0, "10x10", "jpg"), b"x", "image/jpeg")
        await stage.execute("UPDATE renditions SET stored = stored - '{[1,2)}', bytes = 9 WHERE name = 'v240'")
        begun = await stage.storage.begin_upload(f"{look.prefix}source-2", "video/mp4")
        assert [found for found in await look.found(margin=timedelta(hours=1)) if found[0] != "wrong_size"] == []
        kinds = [kind for kind, _ in await look.found()]
        assert sorted(kinds) == ["forgotten_upload", "orphan", "orphan", "wrong_size"]
        inspection = look.inspection()
        async for finding in inspection.inspect(lambda: None):
            assert await inspection.repair(finding) is (finding.remedy == "remove")
        assert [kind for kind, _ in await look.found()] == ["wrong_size"]
        assert await stage.storage.size(keys.cell_key(told, "r4", "v240", 1)) > 0
        assert begun not in [upload.upload_id async for upload in stage.storage.list_uploads(look.prefix)]

    async def test_contents_are_compared_when_it_is_asked(
        self, stage: Stage, told: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An init segment by its SHA-256, of the same length and all."""
        look = Look(stage, told, monkeypatch)
        key = keys.init_key(told, "r4", "v240")
        await stage.storage.put(key, bytes(await stage.storage.size(key)), "video/mp4")
        assert await look.found() == []
        assert await look.found(deep=True) == [("wrong_hash", key.removeprefix(look.prefix))]

    async def test_of_a_lost_init_segment_what_was_made_since_is_of_no_use_either(
        self, stage: Stage, told: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A job that goes on while it is repaired has to begin anew, with another init segment."""
        look = Look(stage, told, monkeypatch)
        await stage.storage.delete(keys.init_key(told, "r4", "v240"))
        await stage.execute("UPDATE videos SET status = 'FAILED', failure_code = 'broken' WHERE id = %s", told)
        inspection = look.inspection()
        (found,) = [finding async for finding in inspection.inspect(lambda: None)]
        await stage.storage.put(keys.cell_key(told, "r4", "v240", 2), b"x", "video/mp4")
        await stage.execute("UPDATE renditions SET stored = stored + '{[2,3)}', bytes = 3 WHERE name = 'v240'")
        assert await inspection.repair(found)
        assert await stage.cells(told) == 0
        assert await stage.value("SELECT evictions FROM renditions WHERE video_id = %s", told) == 1
        assert await look.found() == []

    async def test_what_was_recorded_before_hashes_were_is_counted(
        self, stage: Stage, told: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Two segments, and the file, which nobody has read yet; of the init segment there was one ever since."""
        inspection = Look(stage, told, monkeypatch).inspection()
        assert [finding async for finding in inspection.inspect(lambda: None)] == []
        assert inspection.unhashed == 3

    async def test_a_damaged_watermark_is_told_and_left(
        self, stage: Stage, told: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As a file is: somebody uploaded it. It may have been chosen for a clip of the video alone."""
        key = keys.watermark_key(told, "abc")
        await store(stage.storage, stage.database, key, b"picture", "image/png")
        clip_id = await stage.upload(None)
        await stage.execute(
            """UPDATE videos SET source_id = %s, watermark = '{"version": "abc"}' WHERE id = %s""", told, clip_id
        )
        look = Look(stage, told, monkeypatch)
        assert await look.found() == []
        await stage.storage.put(key, b"damaged", "image/png")
        assert await look.found() == [("wrong_hash", "source-watermark-abc.png")]
        await stage.storage.delete(key)
        assert await look.found() == [("missing", "source-watermark-abc.png")]
        await stage.execute("UPDATE videos SET watermark = NULL WHERE id = %s", clip_id)
        assert await look.found() == []

    async def test_a_missing_or_shortened_file_is_told_and_left(
        self, stage: Stage, film: Film, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nothing can make it again."""
        video_id = await stage.upload(film("film.mkv"))
        look = Look(stage, video_id, monkeypatch)
        assert await look.found() == []
        await stage.storage.put(keys.source_key(video_id), b"short", "video/mp4")
        assert await look.found() == [("wrong_size", "source")]
        await stage.storage.delete(keys.source_key(video_id))
        assert await look.found() == [("missing", "source")]

    async def test_nothing_of_a_deleted_video_is_an_orphan_while_its_row_is_there(
        self, stage: Stage, film: Film, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A job removes it; once the row is gone, what is left of it is."""
        video_id = await stage.upload(film("film.mkv"))
        look = Look(stage, video_id, monkeypatch)
        await stage.delete(video_id)
        assert await look.found() == []
        await stage.execute("DELETE FROM videos WHERE id = %s", video_id)
        assert await look.found() == [("orphan", "source")]
        await look.repair()
        assert await look.found() == []
