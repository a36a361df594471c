"""A part of a video as a video of its own: what it shares is copied, and its film's file outlives the film."""

import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.integration.modules.encoding.stage import Stage, WorkerProcess

from matinee.common.http.authentication import Caller
from matinee.common.storage.port import NoSuchObjectError
from matinee.media import keys
from matinee.media.binaries import find_binaries
from matinee.media.encode import encode_audio, encode_cells
from matinee.modules.clips.errors import InvalidClip
from matinee.modules.clips.schemas import NewClip
from matinee.modules.clips.service import ClipService
from matinee.modules.encoding import audio as sounds
from matinee.modules.encoding import demand, runners
from matinee.modules.tracks import repository as tracks
from matinee.modules.tracks.repository import NewRow
from matinee.modules.tracks.schemas import Chapter
from matinee.modules.videos.errors import VideoNotFound, VideoNotPlayable
from matinee.modules.videos.schemas import Video

Film = Callable[[str], bytes]

# of 60 frames at 5 a second, cells that begin at 0, 5, 25 and 45: the clip is 18 frames, a whole cell, and 6 frames
START, END = 1.4, 10.2
SHARED = 1


async def cut(stage: Stage, film_id: UUID, start: float = START, end: float = END, **fields: Any) -> UUID:
    """A clip of a film, made by the film's owner."""
    return UUID((await cut_by(stage, await stage.owner(film_id), film_id, start, end, **fields)).id)


async def cut_by(stage: Stage, caller: Caller, film_id: UUID, start: float, end: float, **fields: Any) -> Video:
    clips = ClipService(stage.videos(), stage.quotas, stage.encoding)
    async with stage.database.transaction() as db:
        return await clips.cut(db, caller, film_id, NewClip(start=start, end=end, **fields))


async def exists(stage: Stage, key: str) -> bool:
    with suppress(NoSuchObjectError):
        return await stage.storage.size(key) > 0
    return False


async def rows(stage: Stage) -> int:
    return int(await stage.value("SELECT count(*) FROM videos"))


async def settle(stage: Stage) -> None:
    """As if what is deleted had been deleted long ago, and the clock had come round."""
    await stage.execute("UPDATE videos SET deleted_at = deleted_at - interval '1 hour' WHERE deleted_at IS NOT NULL")
    await stage.videos().resume_deletes()


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What the encoder is asked for: (rendition, index)."""
    asked: list[tuple[str, int]] = []

    def cells(source: str, plan: Any, wanted: range, names: list[str], *, skip: Any = (), **more: Any) -> Any:
        asked.extend((name, index) for name in names for index in wanted if (name, index) not in skip)
        return encode_cells(source, plan, wanted, names, skip=skip, **more)

    def audio(source: str, plan: Any, sound: Any, *, first: int = 0, **more: Any) -> Any:
        asked.extend((sound.name, index) for index in range(first, plan.grid.cells))
        return encode_audio(source, plan, sound, first=first, **more)

    monkeypatch.setattr(runners, "encode_cells", cells)
    monkeypatch.setattr(demand, "encode_cells", cells)
    monkeypatch.setattr(sounds, "encode_audio", audio)
    return asked


@pytest.mark.usefixtures("worker")
class TestClip:
    async def test_only_its_ends_are_encoded(self, stage: Stage, film: Film, encoded: list[tuple[str, int]]) -> None:
        """The cells between them and the sound are the film's."""
        film_id = await stage.complete(film("film.mkv"))
        encoded.clear()
        clip_id = await cut(stage, film_id)
        await stage.until_complete(clip_id)
        assert sorted(encoded) == [(name, index) for name in ("v240", "v360") for index in (0, 2)]

    async def test_copied_or_encoded_it_has_the_same_bytes(
        self, stage: Stage, film: Film, encoded: list[tuple[str, int]]
    ) -> None:
        """One clip of a complete film, one of a film of which nothing is left but its file."""
        film_id = await stage.complete(film("film.mkv"))
        copied = await cut(stage, film_id)
        await stage.until_complete(copied)
        encoded.clear()
        await stage.execute("UPDATE renditions SET stored = '{}', init_hash = NULL WHERE video_id = %s", film_id)
        made = await cut(stage, film_id)
        await stage.until_complete(made)
        assert len(encoded) == 9
        assert await stage.fingerprints(made) == await stage.fingerprints(copied)

    async def test_it_has_the_films_frames(self, stage: Stage, film: Film, tmp_path: Path) -> None:
        """Each picture is the film's at that moment, but for what encoding it anew changes at the ends."""
        film_id = await stage.complete(film("film.mkv"))
        clip_id = await cut(stage, film_id)
        await stage.until_complete(clip_id)
        of_film, of_clip = [await pictures(stage, video, tmp_path) for video in (film_id, clip_id)]
        assert len(of_clip) == 44
        nearest = [min(range(60), key=lambda at, p=picture: difference(p, of_film[at])) for picture in of_clip]
        assert nearest == list(range(7, 51))
        assert of_clip[18:38] == of_film[25:45]

    @pytest.mark.soak
    async def test_a_film_without_sound_and_sound_without_a_film(self, stage: Stage, film: Film) -> None:
        """Both can be cut."""
        for name in ("silent.mp4", "sound.mp3"):
            film_id = await stage.upload(film(name))
            await stage.until_complete(film_id)
            clip_id = await cut(stage, film_id, 0.8, 5.0)
            await stage.until_complete(clip_id)
            assert (await stage.plan(clip_id)).grid.duration == pytest.approx(4.2)

    async def test_a_clip_of_a_clip(self, stage: Stage, film: Film) -> None:
        """Is made from the film's file, and has the bytes of a clip of the film."""
        film_id = await stage.complete(film("film.mkv"))
        outer = await cut(stage, film_id, 1.0, 11.0)
        await stage.until_complete(outer)
        inner = await cut(stage, outer, START - 1, END - 1)
        direct = await cut(stage, film_id)
        await stage.until_complete(inner)
        await stage.until_complete(direct)
        assert await stage.value("SELECT source_id FROM videos WHERE id = %s", inner) == film_id
        theirs, ours = await stage.fingerprints(direct), await stage.fingerprints(inner)
        assert {key: theirs[key] for key in theirs if "/v" in key} == {key: ours[key] for key in ours if "/v" in key}

    async def test_text_comes_along(self, stage: Stage, film: Film) -> None:
        """As far as the clip goes, on its own clock; chapters too."""
        film_id = await stage.complete(film("film.mkv"))
        track = NewRow(
            id=uuid4(), kind="subtitles", language="en", name="English", is_default=True, is_forced=False,
            format="vtt", encoding="utf-8", cues=3,
        )  # fmt: skip
        cues = ("00:00.000 --> 00:02.000\nOne", "00:03.000 --> 00:04.000\nTwo", "00:11.000 --> 00:12.000\nThree")
        words = "\n\n".join(("WEBVTT", *cues)) + "\n"
        await stage.storage.put(keys.captions_key(film_id, track.id), words.encode(), keys.CAPTIONS_TYPE)
        async with stage.database.transaction() as db:
            await tracks.insert_track(db, film_id, track)
            await tracks.set_chapters(db, film_id, [Chapter(0, "Opening"), Chapter(5, "Middle"), Chapter(12, "End")])
        clip_id = await cut(stage, film_id)

        async def arrived() -> bool:
            return await stage.value("SELECT count(*) FROM chapters WHERE video_id = %s", clip_id) == 1

        await stage.until(arrived)
        async with stage.database.connection() as db:
            (row,) = await tracks.list_tracks(db, clip_id)
            chapters = await tracks.find_chapters(db, clip_id)
        assert (row.language, row.name, row.is_default, row.cues) == ("en", "English", True, 2)
        text = (await stage.storage.read(keys.captions_key(clip_id, row.id), 0, 1000)).decode()
        assert "00:00:00.000 --> 00:00:00.600\nOne" in text
        assert "00:00:01.600 --> 00:00:02.600\nTwo" in text
        assert [(chapter.start, chapter.title) for chapter in chapters] == [(0.0, "Opening"), (3.6, "Middle")]


@pytest.mark.usefixtures("worker")
class TestRefusal:
    async def test_only_its_owner_cuts_a_video(self, stage: Stage, film: Film) -> None:
        """For others it is not there to be cut, public or not. An administrator's clip is the owner's."""
        film_id = await stage.upload(film("silent.mp4"))
        await stage.until_status(film_id, "READY")
        await stage.execute("UPDATE videos SET visibility = 'public' WHERE id = %s", film_id)
        stranger = Caller(user_id=uuid4(), role="USER", session_id=uuid4())
        with pytest.raises(VideoNotFound):
            await cut_by(stage, stranger, film_id, 0, 2)
        admin = Caller(user_id=uuid4(), role="ADMIN", session_id=uuid4())
        clip = await cut_by(stage, admin, film_id, 0, 2)
        assert UUID(clip.owner.id) == (await stage.owner(film_id)).user_id
        assert clip.visibility == "private"
        assert clip.title == "A film"

    async def test_times_outside_are_named(self, stage: Stage, film: Film) -> None:
        """Behind the end, backwards, and shorter than a cell can be; an end past the video's is the video's."""
        film_id = await stage.upload(film("silent.mp4"))
        await stage.until_status(film_id, "READY")
        for start, end, path in ((7, 9, "start"), (3, 3, "end"), (3, 2, "end"), (3, 3.2, "end"), (5.7, 9, "end")):
            with pytest.raises(InvalidClip) as refused:
                await cut(stage, film_id, start, end)
            assert [fault.path for fault in refused.value.faults] == [path]
        clip_id = await cut(stage, film_id, 4, 900)
        assert (await stage.plan(clip_id)).grid.duration == 2

    async def test_a_video_that_cannot_be_played_cannot_be_cut(self, stage: Stage, film: Film) -> None:
        """Nor one that is deleted."""
        film_id = await stage.upload(film("silent.mp4"))
        await stage.until_complete(film_id)  # nobody changes it any more
        await stage.execute("UPDATE videos SET status = 'PROCESSING' WHERE id = %s", film_id)
        with pytest.raises(VideoNotPlayable):
            await cut(stage, film_id, 0, 2)
        await stage.execute("UPDATE videos SET status = 'READY', deleted_at = now() WHERE id = %s", film_id)
        with pytest.raises(VideoNotFound):
            await cut(stage, film_id, 0, 2)


@pytest.mark.usefixtures("worker")
class TestDeletion:
    async def test_a_clip_outlives_its_film(self, stage: Stage, film: Film) -> None:
        """All that is stored of the film goes but its file, which goes with the last clip."""
        film_id = await stage.complete(film("film.mkv"))
        source = keys.source_key(film_id)
        clip_id = await cut(stage, film_id)
        await stage.until_complete(clip_id)
        before = await stage.fingerprints(clip_id)
        await stage.delete(film_id)
        await stage.until(lambda: gone(stage, keys.poster_key(film_id)))
        await settle(stage)
        assert await exists(stage, source)
        # what was lost of it can be made again
        await stage.forget(clip_id, chunks=1)
        await stage.until_complete(clip_id)
        assert await stage.fingerprints(clip_id) == before
        await stage.delete(clip_id)
        await stage.until(lambda: gone(stage, keys.poster_key(clip_id)))
        await settle(stage)
        await stage.until(lambda: has_rows(stage, 1))
        await settle(stage)
        await stage.until(lambda: has_rows(stage, 0))
        assert not await exists(stage, source)

    async def test_a_film_outlives_its_clip(self, stage: Stage, film: Film) -> None:
        """Nothing of the film goes with it."""
        film_id = await stage.complete(film("film.mkv"))
        before = await stage.fingerprints(film_id)
        clip_id = await cut(stage, film_id)
        await stage.until_complete(clip_id)
        await stage.delete(clip_id)
        await settle(stage)
        await stage.until(lambda: has_rows(stage, 1))
        assert await exists(stage, keys.source_key(film_id))
        assert await stage.fingerprints(film_id) == before

    async def test_a_film_deleted_while_a_clip_of_it_is_made(self, stage: Stage, film: Film) -> None:
        """The clip is made from the file."""
        film_id = await stage.complete(film("film.mkv"))
        reference = await cut(stage, film_id)
        await stage.until_complete(reference)
        clip_id = await cut(stage, film_id)
        await stage.delete(film_id)
        await stage.until_complete(clip_id)
        assert await stage.fingerprints(clip_id) == await stage.fingerprints(reference)

    async def test_the_database_itself_keeps_the_film(self, stage: Stage, film: Film) -> None:
        """Its row is all that knows of the file."""
        film_id = await stage.complete(film("film.mkv"))
        await cut(stage, film_id)
        with pytest.raises(Exception, match="videos_source_kept"):
            await stage.execute("DELETE FROM videos WHERE id = %s", film_id)


@pytest.mark.soak
class TestKilled:
    async def test_a_worker_that_is_killed_costs_nothing(
        self, stage: Stage, film: Film, worker_process: Callable[..., WorkerProcess]
    ) -> None:
        """Another goes on, and the clip has the same bytes."""
        async with stage.working():
            film_id = await stage.complete(film("film.mkv"))
            reference = await cut(stage, film_id)
            await stage.until_complete(reference)
        clip_id = await cut(stage, film_id)
        process = worker_process()
        await stage.until_cells(clip_id, 2)
        process.kill()
        async with stage.working():
            await stage.until_complete(clip_id)
        assert await stage.fingerprints(clip_id) == await stage.fingerprints(reference)


async def gone(stage: Stage, key: str) -> bool:
    return not await exists(stage, key)


async def has_rows(stage: Stage, count: int) -> bool:
    return await rows(stage) == count


async def pictures(stage: Stage, video_id: UUID, folder: Path) -> list[bytes]:
    """The frames of a video's best rung, small and grey."""
    plan = await stage.plan(video_id)
    name = plan.video[-1].name
    wanted = [keys.init_key(video_id, plan.recipe, name)]
    wanted += [keys.cell_key(video_id, plan.recipe, name, index) for index in range(plan.grid.cells)]
    path = folder / f"{video_id}.mp4"
    path.write_bytes(b"".join([await stage.storage.read(key, 0, 1 << 24) for key in wanted]))
    command = [
        find_binaries().ffmpeg, "-v", "error", "-xerror", "-i", str(path), "-vf", "scale=160:90,format=gray",
        "-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1",
    ]  # fmt: skip
    decoded = subprocess.run(command, check=True, capture_output=True).stdout
    return [decoded[at : at + 14_400] for at in range(0, len(decoded), 14_400)]


def difference(one: bytes, other: bytes) -> int:
    return sum(abs(a - b) for a, b in zip(one[::7], other[::7], strict=True))
