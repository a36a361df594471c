"""A video shown in another way: trimmed, whole again, with a watermark or without. The old one plays until then."""

import asyncio
import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from tests.integration.modules.encoding.stage import Stage, WorkerProcess
from tests.integration.modules.encoding.test_clips import cut, encoded
from tests.integration.modules.encoding.test_replacements import cells_of, has, pass_a_day, replace

from matinee.common.storage.port import NoSuchObjectError
from matinee.media import keys
from matinee.media.binaries import find_binaries
from matinee.media.captions.model import Cue
from matinee.media.captions.read import read_stored
from matinee.media.captions.vtt import write_vtt
from matinee.media.encode import EncoderOptions
from matinee.media.pictures import make_mark
from matinee.media.plan import RECIPE
from matinee.modules.encoding.marks import read_default_mark
from matinee.modules.pictures.objects import read_whole
from matinee.modules.pictures.workshop import Workshop
from matinee.modules.replacements.errors import ReplacementAwaited
from matinee.modules.replacements.schemas import NewSource, Trim
from matinee.modules.tracks import repository as tracks
from matinee.modules.tracks.repository import NewRow
from matinee.modules.tracks.schemas import Chapter
from matinee.modules.watermarks.schemas import Placement, PlacementChange
from matinee.modules.watermarks.service import WatermarkService

__all__ = ["encoded"]

Film = Callable[[str], bytes]

# of 60 frames at 5 a second, cells that begin at 0, 5, 25 and 45: 18 frames, a whole cell, and 6 frames are left
SPAN = Trim(start=1.4, end=10.2)


async def trim(stage: Stage, film_id: UUID, span: Trim = SPAN) -> None:
    owner = await stage.owner(film_id)
    async with stage.database.transaction() as db:
        await stage.replacements().trim(db, owner, film_id, span)


async def untrim(stage: Stage, film_id: UUID) -> None:
    owner = await stage.owner(film_id)
    async with stage.database.transaction() as db:
        await stage.replacements().untrim(db, owner, film_id)


def watermarks(stage: Stage) -> WatermarkService:
    return WatermarkService(stage.database, stage.storage, stage.replacements(), Workshop(1), EncoderOptions())


async def give(stage: Stage, film_id: UUID, image: bytes, **placement: object) -> bool:
    """Gives a video a watermark; whether it has it now."""
    owner = await stage.owner(film_id)
    async with stage.database.transaction() as db:

        async def begin() -> object:
            return db

        chosen = Placement(**{"position": "top-left", "opacity": 0.5, **placement})
        given = await watermarks(stage).give(begin, owner, film_id, chosen, image)
    return given.applied


async def remove(stage: Stage, film_id: UUID) -> None:
    owner = await stage.owner(film_id)
    async with stage.database.transaction() as db:
        await watermarks(stage).remove(db, owner, film_id)


_REMOVALS = (
    "SELECT count(DISTINCT args ->> 'track_id') FROM procrastinate_jobs WHERE task_name = 'tracks.remove_file'"
)
WORDS = [(0, 1000, "Before"), (2000, 3000, "Within"), (10_000, 12_000, "At the end")]


async def objects(stage: Stage, prefix: str) -> list[str]:
    """The keys of what is stored there."""
    return [item["Key"] async for page in stage.storage._pages("list_objects_v2", Prefix=prefix)
            for item in page.get("Contents", [])]  # fmt: skip


async def until_edition(stage: Stage, film_id: UUID, edition: int) -> None:
    """Waits until that edition is complete."""

    async def is_shown() -> bool:
        return bool(await stage.value("SELECT edition = %s FROM videos WHERE id = %s", edition, film_id))

    await stage.until(is_shown)
    await stage.until_complete(film_id)


async def add_text(stage: Stage, film_id: UUID) -> None:
    """Subtitles and chapters that somebody gave."""
    track_id = uuid4()
    cues = [Cue(*word) for word in WORDS]
    await stage.storage.put(keys.captions_key(film_id, track_id), write_vtt(cues).encode(), keys.CAPTIONS_TYPE)
    async with stage.database.transaction() as db:
        row = NewRow(
            id=track_id, kind="subtitles", language="en", name="mine", is_default=True, is_forced=False,
            format="vtt", encoding="utf-8", cues=3,
        )  # fmt: skip
        await tracks.insert_track(db, film_id, row)
        await tracks.set_chapters(db, film_id, [Chapter(0, "One"), Chapter(5, "Two"), Chapter(12, "Three")])


async def texts_of(stage: Stage, film_id: UUID) -> tuple[list[tuple[int, int, str]], list[tuple[float, str]]]:
    """The only track's cues, and the chapters."""
    async with stage.database.connection() as db:
        (track,) = await tracks.list_tracks(db, film_id)
        chapters = await tracks.find_chapters(db, film_id)
    cues = read_stored(await read_whole(stage.storage, keys.captions_key(film_id, track.id)))
    return [(cue.start, cue.end, cue.text) for cue in cues], [(c.start, c.title) for c in chapters]


@pytest.fixture(scope="session")
def logo(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A PNG."""
    path = tmp_path_factory.mktemp("logo") / "logo.png"
    command = [find_binaries().ffmpeg, "-v", "error", "-f", "lavfi", "-i", "color=red:s=120x60", "-frames:v", "1"]
    subprocess.run([*command, str(path)], check=True, timeout=60, stdin=subprocess.DEVNULL)
    return path.read_bytes()


@pytest.mark.usefixtures("worker")
class TestTrimming:
    async def test_it_has_the_cells_of_a_clip_and_keeps_its_id(
        self, stage: Stage, film: Film, encoded: list[tuple[str, int]]
    ) -> None:
        """To the byte; only its ends are encoded, and texts go on to fit. What was cut off goes after a day."""
        film_id = await stage.complete(film("film.mkv"))
        await add_text(stage, film_id)
        clip_id = await cut(stage, film_id, SPAN.start, SPAN.end)
        await stage.until_complete(clip_id)
        old = await stage.plan(film_id)
        encoded.clear()
        await trim(stage, film_id)
        await until_edition(stage, film_id, 2)
        plan = await stage.plan(film_id)
        assert (plan.recipe, plan.trimmed, plan.grid.duration) == (f"{RECIPE}-2", True, Fraction(44, 5))
        assert await cells_of(stage, film_id) == await cells_of(stage, clip_id)
        assert {index for _, index in encoded} == {0, 2}
        assert await stage.value("SELECT duration FROM videos WHERE id = %s", film_id) == 8.8
        assert await texts_of(stage, film_id) == (
            [(600, 1600, "Within"), (8600, 8800, "At the end")],
            [(0, "One"), (3.6, "Two")],
        )
        former = keys.cell_key(film_id, old.recipe, "v240", 3)
        assert await stage.storage.size(former) > 0
        await pass_a_day(stage)
        await stage.until(lambda: has(stage, "SELECT count(*) FROM former_media", 0))
        with pytest.raises(NoSuchObjectError):
            await stage.storage.size(former)
        assert await stage.storage.size(keys.source_key(film_id)) > 0

    async def test_it_can_be_undone_and_done_again(self, stage: Stage, film: Film) -> None:
        """All of the file comes back, to the byte, with what people wrote; a second trim counts from the first."""
        film_id = await stage.complete(film("film.mkv"))
        await add_text(stage, film_id)
        whole = await cells_of(stage, film_id)
        await trim(stage, film_id)
        await until_edition(stage, film_id, 2)
        await trim(stage, film_id, Trim(start=2.0, end=100))
        await until_edition(stage, film_id, 3)
        plan = await stage.plan(film_id)
        assert (plan.recipe, plan.grid.skipped_frames, plan.grid.frames) == (f"{RECIPE}-3", 17, 34)
        await untrim(stage, film_id)
        await until_edition(stage, film_id, 4)
        assert not (await stage.plan(film_id)).trimmed
        assert await cells_of(stage, film_id) == whole
        assert await texts_of(stage, film_id) == (WORDS, [(0, "One"), (5, "Two"), (12, "Three")])
        stored = await objects(stage, f"{keys.video_prefix(film_id)}captions/")
        assert len(stored) == 1 + await stage.value(_REMOVALS), "each but the last is removed"

    async def test_what_is_written_meanwhile_stands_among_what_was_left_out(self, stage: Stage, film: Film) -> None:
        """Of the part that was shown it is the last word."""
        film_id = await stage.complete(film("film.mkv"))
        await add_text(stage, film_id)
        await trim(stage, film_id)
        await until_edition(stage, film_id, 2)
        async with stage.database.transaction() as db:
            (track,) = await tracks.list_tracks(db, film_id)
            await tracks.set_chapters(db, film_id, [Chapter(0, "One"), Chapter(3, "New")])
        edited = write_vtt([Cue(600, 1600, "Corrected")]).encode()
        await stage.storage.put(keys.captions_key(film_id, track.id), edited, keys.CAPTIONS_TYPE)
        await untrim(stage, film_id)
        await until_edition(stage, film_id, 3)
        words = [(0, 1000, "Before"), (2000, 3000, "Corrected"), (10_200, 12_000, "At the end")]
        assert await texts_of(stage, film_id) == (words, [(0, "One"), (4.4, "New"), (12, "Three")])

    async def test_evicted_cells_come_back_the_same(self, stage: Stage, film: Film) -> None:
        """Made from the file, which has more than is shown."""
        film_id = await stage.complete(film("film.mkv"))
        await trim(stage, film_id)
        await until_edition(stage, film_id, 2)
        before = await cells_of(stage, film_id)
        await stage.forget(film_id, chunks=1)
        await stage.until_complete(film_id)
        assert await cells_of(stage, film_id) == before

    async def test_another_file_goes_before(self, stage: Stage, film: Film) -> None:
        """As long as one is awaited nothing else takes the video's place."""
        film_id = await stage.complete(film("film.mkv"))
        owner = await stage.owner(film_id)
        async with stage.database.transaction() as db:
            new = NewSource(filename="new.mkv", filesize=5, filetype="video/mp4")
            await stage.replacements().begin(db, owner, film_id, new)
        with pytest.raises(ReplacementAwaited):
            await trim(stage, film_id)


@pytest.mark.usefixtures("worker")
class TestWatermarking:
    @pytest.mark.soak
    async def test_before_or_after_it_is_the_same(self, stage: Stage, film: Film, logo: bytes) -> None:
        """Given to a film that plays, or chosen before its upload; removed again, the film has its former bytes."""
        film_id = await stage.complete(film("film.mkv"))
        plain = await cells_of(stage, film_id)
        assert not await give(stage, film_id, logo)
        await until_edition(stage, film_id, 2)
        with_mark = await cells_of(stage, film_id)
        assert {key for key in plain if plain[key] != with_mark[key]} == {
            f"{name}/{index}.m4s" for name in ("v240", "v360") for index in range(4)
        }
        choice = await stage.value("SELECT watermark::text FROM videos WHERE id = %s", film_id)
        image = await read_whole(stage.storage, keys.watermark_key(film_id, (await make_mark(logo)).version))
        other_id = uuid4()
        await stage.storage.put(keys.watermark_key(other_id, (await make_mark(logo)).version), image, "image/png")
        await stage.upload(film("film.mkv"), video_id=other_id, watermark=choice)
        await stage.until_complete(other_id)
        assert await cells_of(stage, other_id) == with_mark
        await remove(stage, film_id)
        await until_edition(stage, film_id, 3)
        assert await cells_of(stage, film_id) == plain

    async def test_nothing_is_copied_and_the_notes_say_why(self, stage: Stage, film: Film, logo: bytes) -> None:
        """The size that was copied is encoded."""
        film_id = await stage.upload(film("conforming.mp4"))
        await stage.until_complete(film_id)
        assert (await stage.plan(film_id)).copied is not None
        await give(stage, film_id, logo)
        await until_edition(stage, film_id, 2)
        plan = await stage.plan(film_id)
        assert (plan.copied, plan.video[-1].name) == (None, "v360")
        assert any("none is copied" in note for note in (await stage.progress(film_id)).notes)

    async def test_it_goes_on_with_the_video(self, stage: Stage, film: Film, logo: bytes) -> None:
        """To a part of it, to clips of it, to another file, and to a clip's own file when the film is gone."""
        film_id = await stage.complete(film("film.mkv"))
        await give(stage, film_id, logo)
        await trim(stage, film_id)  # both at once
        await until_edition(stage, film_id, 3)
        plan = await stage.plan(film_id)
        mark = plan.watermark
        assert (plan.trimmed, mark is not None) == (True, True)
        clip_id = await cut(stage, film_id, 2, 8)
        await stage.until_complete(clip_id)
        assert (await stage.plan(clip_id)).watermark == mark
        await replace(stage, clip_id, film("silent.mp4"))
        await until_edition(stage, clip_id, 4)
        assert (await stage.plan(clip_id)).watermark == mark
        await stage.delete(film_id)

        async def is_alone() -> bool:
            await pass_a_day(stage)
            await asyncio.sleep(0.1)
            return await has(stage, "SELECT count(*) FROM videos", 1)

        await stage.until(is_alone)
        await stage.forget(clip_id, chunks=1)
        await stage.until_complete(clip_id)

    async def test_it_can_be_moved(self, stage: Stage, film: Film, logo: bytes) -> None:
        """And the image stays; what is chosen again before it is made is made once."""
        film_id = await stage.complete(film("film.mkv"))
        await give(stage, film_id, logo)
        owner = await stage.owner(film_id)
        async with stage.database.transaction() as db:
            change = PlacementChange(position="center", width=0.4)
            moved = await watermarks(stage).place(db, owner, film_id, change)
        assert (moved.position, moved.opacity, moved.width, moved.image_width) == ("center", 0.5, 0.4, 120)
        await until_edition(stage, film_id, 3)
        async with stage.database.connection() as db:
            assert (await watermarks(stage).get(db, owner, film_id)).applied


class TestDefault:
    async def test_the_server_has_one_for_all(
        self, stage: Stage, film: Film, logo: bytes, tmp_path: Path, worker_process: Callable[..., WorkerProcess]
    ) -> None:
        """Of whose owners nobody chose another, or none."""
        (tmp_path / "logo.png").write_bytes(logo)
        film_id = await stage.upload(film("silent.mp4"))
        other_id = await stage.upload(film("silent.mp4"), watermark="null")
        worker_process(watermark=tmp_path / "logo.png", watermark_position="top")
        await stage.until_complete(film_id)
        await stage.until_complete(other_id)
        mark = (await stage.plan(film_id)).watermark
        assert mark is not None
        assert (mark.position, mark.width) == ("top", 120)
        assert (await stage.plan(other_id)).watermark is None

    async def test_no_setting_no_watermark(self, stage: Stage) -> None:
        """As it was before there were any."""
        assert await read_default_mark(stage.settings) is None


class TestKilled:
    @pytest.mark.parametrize("cells", [0, pytest.param(2, marks=pytest.mark.soak)])
    async def test_a_worker_that_is_killed_costs_nothing(
        self, stage: Stage, film: Film, worker_process: Callable[..., WorkerProcess], cells: int
    ) -> None:
        """Whenever it dies, the whole film plays until the part does, and the part is what a clip would be."""
        async with stage.working():
            film_id = await stage.complete(film("film.mkv"))
            clip_id = await cut(stage, film_id, SPAN.start, SPAN.end)
            await stage.until_complete(clip_id)
        before = await cells_of(stage, film_id)
        await trim(stage, film_id)
        made_id = await stage.value("SELECT id FROM videos WHERE replaces = %s", film_id)
        process = worker_process()

        async def has_begun() -> bool:
            is_shown = await stage.value("SELECT edition = 2 FROM videos WHERE id = %s", film_id)
            return bool(is_shown) or (await process.encodes() and await stage.cells(made_id) >= cells)

        await stage.until(has_begun)
        process.kill()
        if await stage.value("SELECT edition FROM videos WHERE id = %s", film_id) == 1:
            assert await cells_of(stage, film_id) == before
        async with stage.working():
            await until_edition(stage, film_id, 2)
        assert await cells_of(stage, film_id) == await cells_of(stage, clip_id)
