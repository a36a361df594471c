"""Another file for a video: the old one plays until the new one can, and nothing of the two is ever mixed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import pytest
from tests.integration.modules.encoding.stage import Stage, WorkerProcess
from tests.integration.modules.encoding.test_clips import cut, exists, gone
from tests.integration.modules.encoding.theatre import Theatre

from matinee.common.http.authentication import Caller
from matinee.common.http.viewer import ANYBODY
from matinee.common.storage.port import NoSuchObjectError
from matinee.media import keys
from matinee.media.plan import RECIPE
from matinee.modules.encoding.jobs import ingest_job
from matinee.modules.encoding.source_server import ServedSource, SourceServer
from matinee.modules.playback.errors import NoSuchCell
from matinee.modules.replacements.schemas import NewSource
from matinee.modules.tracks import repository as tracks
from matinee.modules.tracks.repository import NewRow
from matinee.modules.uploads.schemas import UploadStarted
from matinee.modules.videos import repository as videos
from matinee.modules.videos.errors import VideoNotFound, VideoNotPlayable

Film = Callable[[str], bytes]
NEXT_RECIPE = f"{RECIPE}-2"


async def announce(stage: Stage, caller: Caller, film_id: UUID) -> UploadStarted:
    new = NewSource(filename="new.mkv", filesize=1234, filetype="video/x-matroska")
    async with stage.database.transaction() as db:
        return await stage.replacements().begin(db, caller, film_id, new)


async def replace(stage: Stage, film_id: UUID, content: bytes) -> UUID:
    """Another file is announced and there; its ingest waits. Returns the id that its progress is told by."""
    video_id = UUID((await announce(stage, await stage.owner(film_id), film_id)).video.id)
    revision = await stage.value("SELECT source_revision FROM videos WHERE id = %s", video_id)
    await stage.storage.put(keys.source_key(film_id, revision), content, "video/x-matroska")
    async with stage.database.transaction() as db:
        await stage.queue.enqueue(db, ingest_job(video_id))
        await db.execute("UPDATE videos SET status = 'PROCESSING' WHERE id = $1", video_id)
    return video_id


async def until_replaced(stage: Stage, film_id: UUID, revision: int = 2) -> None:
    async def is_replaced() -> bool:
        return bool(await stage.value("SELECT source_revision = %s FROM videos WHERE id = %s", revision, film_id))

    await stage.until(is_replaced)


async def cells_of(stage: Stage, video_id: UUID) -> dict[str, str]:
    """The hashes of a video's cells, by what they are called within a plan."""
    recipe = (await stage.plan(video_id)).recipe
    found = await stage.fingerprints(video_id)
    return {key.removeprefix(f"{recipe}/"): value for key, value in found.items() if key.startswith(f"{recipe}/")}


async def pass_a_day(stage: Stage) -> None:
    """As if what was replaced and deleted had been so for more than a day, and the clock had come round."""
    await stage.execute("UPDATE former_media SET ends_at = now() - interval '1 hour'")
    await stage.execute("UPDATE videos SET deleted_at = now() - interval '1 day' WHERE deleted_at IS NOT NULL")
    await stage.videos().resume_deletes()
    await stage.replacements().forget_ended()


@pytest.fixture(autouse=True)
def no_poster(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fingerprints without the poster, which comes when it comes."""
    monkeypatch.setattr(Stage, "fingerprints", _fingerprints)


async def _fingerprints(stage: Stage, video_id: UUID) -> dict[str, str]:
    plan = await stage.plan(video_id)
    prefix = keys.video_prefix(video_id)
    wanted = [keys.init_key(video_id, plan.recipe, rendition.name) for rendition in plan.renditions]
    wanted += [
        keys.cell_key(video_id, plan.recipe, rendition.name, index)
        for rendition in plan.renditions
        for index in range(plan.cells_of(rendition.name))
    ]
    return {key.removeprefix(prefix): await stage._fingerprint(key) for key in wanted}


@pytest.mark.usefixtures("worker")
class TestReplacing:
    async def test_the_video_keeps_its_id_and_plays_the_new_file(self, stage: Stage, film: Film) -> None:
        """With the bytes that the file would give as a video of its own; its replacement is gone."""
        film_id = await stage.complete(film("film.mkv"))
        other_id = await stage.complete(film("silent.mp4"))
        replacement = await replace(stage, film_id, film("silent.mp4"))
        await until_replaced(stage, film_id)
        await stage.until_complete(film_id)
        plan = await stage.plan(film_id)
        assert (plan.recipe, plan.audio, float(plan.grid.duration)) == (NEXT_RECIPE, None, 6.0)
        assert await cells_of(stage, film_id) == await cells_of(stage, other_id)
        row = await video(stage, film_id)
        assert row is not None
        assert (row.duration, row.filename, row.title) == (6.0, "new.mkv", "A film")
        assert await video(stage, replacement) is None
        await stage.until(lambda: exists(stage, keys.poster_key(film_id, 2)))

    async def test_what_was_replaced_is_watched_to_its_end_and_then_removed(
        self, stage: Stage, theatre: Theatre, film: Film
    ) -> None:
        """Whoever is in the middle goes on for a day; then its cells, pictures and file go, and no others."""
        film_id = await stage.complete(film("film.mkv"))
        old = (await stage.plan(film_id)).recipe
        await replace(stage, film_id, film("silent.mp4"))
        await until_replaced(stage, film_id)
        await stage.until_complete(film_id)
        await stage.execute("UPDATE videos SET visibility = 'public' WHERE id = %s", film_id)
        cell = await theatre.cells.cell(ANYBODY, film_id, old, "v240", 3)
        assert await exists(stage, cell.key)
        assert (await theatre.cells.cell(ANYBODY, film_id, old, "audio", 3)).content_type == "audio/mp4"
        await stage.execute("UPDATE videos SET visibility = 'private' WHERE id = %s", film_id)
        with pytest.raises(VideoNotFound):
            await Theatre(stage).cells.cell(ANYBODY, film_id, old, "v240", 3)
        before = await cells_of(stage, film_id)
        await pass_a_day(stage)
        await stage.until(lambda: has(stage, "SELECT count(*) FROM former_media", 0))
        for key in (cell.key, keys.poster_key(film_id), keys.source_key(film_id)):
            assert not await exists(stage, key)
        assert await exists(stage, keys.source_key(film_id, 2))
        assert await cells_of(stage, film_id) == before
        await stage.execute("UPDATE videos SET visibility = 'public' WHERE id = %s", film_id)
        with pytest.raises(NoSuchCell):
            await Theatre(stage).cells.cell(ANYBODY, film_id, old, "v240", 3)

    async def test_a_file_that_fails_changes_nothing_and_says_why(self, stage: Stage, film: Film) -> None:
        """The old one is as it was; the new one goes."""
        film_id = await stage.complete(film("film.mkv"))
        before, plan = await stage.fingerprints(film_id), await stage.plan(film_id)
        replacement = await replace(stage, film_id, b"This is no video." * 100)
        await stage.until(lambda: is_status(stage, replacement, "FAILED"))
        assert await stage.failure(replacement) == ("not_a_video", None)
        assert await stage.plan(film_id) == plan
        assert await stage.fingerprints(film_id) == before
        assert await exists(stage, keys.source_key(film_id, 2))
        await stage.delete(replacement)
        await stage.until(lambda: gone(stage, keys.source_key(film_id, 2)))
        assert await exists(stage, keys.source_key(film_id))

    async def test_jobs_of_the_old_file_record_nothing_of_the_new(self, stage: Stage, film: Film) -> None:
        """Replaced in the middle of its encode, a video has the cells of the new file and no others."""
        other_id = await stage.complete(film("film.mkv"))
        film_id = await stage.upload(film("long.mkv"))
        await stage.until_status(film_id, "READY")
        assert await stage.cells(film_id) < 66
        await replace(stage, film_id, film("film.mkv"))
        await until_replaced(stage, film_id)
        await stage.until_complete(film_id)
        assert await cells_of(stage, film_id) == await cells_of(stage, other_id)
        assert await stage.failure(film_id) == (None, None)

    async def test_a_fault_of_the_old_plan_is_not_the_new_one_s(
        self, stage: Stage, film: Film, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A job that has lost its file to another one works by that, and says nothing bad of the video."""
        film_id = await stage.complete(film("film.mkv"))
        serve = SourceServer.serve
        lost: list[str] = []

        @asynccontextmanager
        async def serve_too_late(server: SourceServer, key: str) -> AsyncIterator[ServedSource]:
            if not lost:
                lost.append(key)
                await stage.execute("UPDATE videos SET plan_revision = plan_revision + 1 WHERE id = %s", film_id)
                raise NoSuchObjectError(key)
            async with serve(server, key) as source:
                yield source

        monkeypatch.setattr(SourceServer, "serve", serve_too_late)
        await stage.forget(film_id, chunks=2)
        await stage.until_complete(film_id)
        assert lost
        assert await stage.failure(film_id) == (None, None)

    @pytest.mark.soak
    async def test_twice(self, stage: Stage, film: Film) -> None:
        """Each time by other addresses."""
        film_id = await stage.complete(film("silent.mp4"))
        await replace(stage, film_id, film("film.mkv"))
        await until_replaced(stage, film_id)
        await replace(stage, film_id, film("silent.mp4"))
        await until_replaced(stage, film_id, 3)
        await stage.until_complete(film_id)
        assert (await stage.plan(film_id)).recipe == f"{RECIPE}-3"
        await pass_a_day(stage)
        await stage.until(lambda: has(stage, "SELECT count(*) FROM former_media", 0))
        there = [await exists(stage, keys.source_key(film_id, revision)) for revision in (1, 2, 3)]
        assert there == [False, False, True]


@pytest.mark.usefixtures("worker")
class TestAround:
    async def test_texts_that_were_added_stay_and_those_of_the_file_go(self, stage: Stage, film: Film) -> None:
        """What came with the file is read anew."""
        film_id = await stage.complete(film("silent.mp4"))
        async with stage.database.transaction() as db:
            for name, stream in (("mine", None), ("the film's", 2)):
                row = NewRow(
                    id=uuid4(), kind="subtitles", language="en", name=name, is_default=False, is_forced=False,
                    source_stream=stream, format="vtt", encoding="utf-8", cues=1,
                )  # fmt: skip
                await tracks.insert_track(db, film_id, row)
        await replace(stage, film_id, film("indexed.mp4"))
        await until_replaced(stage, film_id)
        async with stage.database.connection() as db:
            assert [row.name for row in await tracks.list_tracks(db, film_id)] == ["mine"]

    async def test_downloads_are_made_anew(self, stage: Stage, film: Film) -> None:
        """What the new file has not is offered no longer."""
        film_id = await stage.complete(film("film.mkv"))
        await stage.execute(
            "INSERT INTO downloads (video_id, name, size, ready_at) SELECT %s, name, 7, now() "
            "FROM unnest('{v240,audio,original}'::text[]) AS name",
            film_id,
        )
        await replace(stage, film_id, film("silent.mp4"))
        await until_replaced(stage, film_id)
        await stage.until(lambda: has(stage, "SELECT count(*) FROM downloads WHERE size > 7", 2))
        sizes = await stage.value("SELECT json_object_agg(name, size)::text FROM downloads")
        assert '"original" : 1234' in sizes
        assert "audio" not in sizes

    async def test_a_clip_keeps_the_file_that_it_was_cut_from(self, stage: Stage, film: Film) -> None:
        """What is lost of it is made again, from the former file."""
        film_id = await stage.complete(film("film.mkv"))
        clip_id = await cut(stage, film_id)
        await stage.until_complete(clip_id)
        before = await stage.fingerprints(clip_id)
        await replace(stage, film_id, film("silent.mp4"))
        await until_replaced(stage, film_id)
        await pass_a_day(stage)
        await stage.forget(clip_id, chunks=1)
        await stage.until_complete(clip_id)
        assert await stage.fingerprints(clip_id) == before
        await stage.delete(clip_id)
        await pass_a_day(stage)
        await stage.until(lambda: has(stage, "SELECT count(*) FROM videos", 1))
        await pass_a_day(stage)
        await stage.until(lambda: gone(stage, keys.source_key(film_id)))
        assert await exists(stage, keys.source_key(film_id, 2))

    async def test_the_later_of_two_counts(self, stage: Stage, film: Film) -> None:
        """The one that was announced before is given up, with its file."""
        film_id = await stage.complete(film("silent.mp4"))
        first = UUID((await announce(stage, await stage.owner(film_id), film_id)).video.id)
        await stage.storage.put(keys.source_key(film_id, 2), b"half of it", "video/mp4")
        await replace(stage, film_id, film("film.mkv"))
        assert await video(stage, first) is None
        await until_replaced(stage, film_id, 3)
        await stage.until(lambda: gone(stage, keys.source_key(film_id, 2)))
        await stage.until_complete(film_id)

    async def test_it_goes_with_its_video(self, stage: Stage, film: Film) -> None:
        """Whoever deletes a video deletes what was to replace it."""
        film_id = await stage.complete(film("silent.mp4"))
        await announce(stage, await stage.owner(film_id), film_id)
        await stage.storage.put(keys.source_key(film_id, 2), b"half of it", "video/mp4")
        await stage.delete(film_id)

        async def nothing_is_left() -> bool:
            await pass_a_day(stage)
            await asyncio.sleep(0.1)
            return await has(stage, "SELECT count(*) FROM videos", 0)

        await stage.until(nothing_is_left)
        assert not await exists(stage, keys.source_key(film_id))
        assert not await exists(stage, keys.source_key(film_id, 2))

    async def test_it_is_its_owners_and_in_no_list(self, stage: Stage, film: Film) -> None:
        """Others do not see the video to be changed, and a video that cannot be played cannot get another file."""
        film_id = await stage.complete(film("silent.mp4"))
        await stage.execute("UPDATE videos SET visibility = 'public' WHERE id = %s", film_id)
        with pytest.raises(VideoNotFound):
            await announce(stage, Caller(user_id=uuid4(), role="USER", session_id=uuid4()), film_id)
        owner = await stage.owner(film_id)
        started = await announce(stage, owner, film_id)
        assert started.video.visibility == "private"
        async with stage.database.connection() as db:
            assert [row.id for row in await videos.list_owned(db, owner.user_id, None, 20, None)] == [film_id]
        await stage.execute("UPDATE videos SET status = 'PROCESSING' WHERE id = %s", film_id)
        with pytest.raises(VideoNotPlayable):
            await announce(stage, owner, film_id)


class TestKilled:
    @pytest.mark.parametrize(
        "cells", [pytest.param(0, marks=pytest.mark.soak), 1, pytest.param(3, marks=pytest.mark.soak)]
    )
    async def test_a_worker_that_is_killed_costs_nothing(
        self, stage: Stage, film: Film, worker_process: Callable[..., WorkerProcess], cells: int
    ) -> None:
        """Whenever it dies, the old file plays until the new one does, and the new one is whole."""
        other_id = await stage.complete(film("film.mkv"))
        film_id = await stage.complete(film("silent.mp4"))
        before, old = await stage.fingerprints(film_id), await stage.cells(film_id)
        replacement = await replace(stage, film_id, film("film.mkv"))
        process = worker_process()

        async def has_begun() -> bool:
            planned = await stage.value("SELECT plan IS NOT NULL FROM videos WHERE id = %s", replacement)
            return bool(planned) and await stage.cells(replacement) + await stage.cells(film_id) >= old + cells

        await stage.until(has_begun)
        process.kill()
        if (await stage.plan(film_id)).recipe != NEXT_RECIPE:
            assert await stage.fingerprints(film_id) == before
        async with stage.working():
            await until_replaced(stage, film_id)
            await stage.until_complete(film_id)
        assert await cells_of(stage, film_id) == await cells_of(stage, other_id)


async def has(stage: Stage, sql: str, count: int) -> bool:
    return bool(await stage.value(sql) == count)


async def is_status(stage: Stage, video_id: UUID, status: str) -> bool:
    return await stage.status(video_id) == status


async def video(stage: Stage, video_id: UUID) -> videos.VideoRow | None:
    async with stage.database.connection() as db:
        return await videos.find_video(db, video_id)
