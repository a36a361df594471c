"""Films with text in them, through the real worker and FFmpeg."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from tests.integration.modules.encoding.stage import Stage

from matinee.common.config import Settings
from matinee.common.database import Database, fetch_all
from matinee.common.jobs import JobQueue
from matinee.common.storage.s3 import S3Storage
from matinee.media import keys
from matinee.media.binaries import find_binaries
from matinee.modules.tracks import repository
from matinee.modules.tracks.jobs import extract_job
from matinee.modules.tracks.schemas import Chapter

SRT = "1\n00:00:01,000 --> 00:00:02,500\nHello <i>there</i>\n\n2\n00:00:03,000 --> 00:00:04,000\n{}\n"
ASS = """[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize
Style: Default,Arial,20

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:01.00,0:00:02.50,Default,,0,0,0,,{\\i1}Ciao{\\i0}\\Na tutti
"""
CHAPTERS = (
    ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=2000\ntitle=Start\n"
    "[CHAPTER]\nTIMEBASE=1/1000\nSTART=2000\nEND=5000\n"
)
_JOBS = """
SELECT count(*) FROM procrastinate_jobs
WHERE status IN ('todo', 'doing') AND task_name IN ('encoding.fill', 'tracks.extract')
"""


class Row(msgspec.Struct):
    """What the tests look at of a track."""

    id: UUID
    kind: str
    language: str
    name: str
    is_default: bool
    is_forced: bool
    format: str


@pytest.fixture(scope="session")
def text_film(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], bytes]:
    """A film's bytes by the name of its file: three subtitle streams and two chapters, in any container."""
    folder = tmp_path_factory.mktemp("films")

    def make(name: str) -> bytes:
        path: Path = folder / name
        (folder / "de.srt").write_text(SRT.format("Grüße & <b>Küsse</b>"))
        (folder / "it.ass").write_text(ASS)
        (folder / "en.srt").write_text(SRT.format("[door slams]"))
        (folder / "chapters.txt").write_text(CHAPTERS)
        mkv = name.endswith(".mkv")
        command = [find_binaries().ffmpeg, "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25"]
        for file in ("de.srt", "it.ass", "en.srt", "chapters.txt"):
            command += ["-i", str(folder / file)]
        command += ["-map", "0", "-map", "1", "-map", "2", "-map", "3", "-map_metadata", "4", "-t", "5"]
        command += ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
        command += ["-c:s", "copy"] if mkv else ["-c:s", "mov_text"]
        command += ["-metadata:s:s:0", "language=ger", "-metadata:s:s:0", "title=Deutsch"]
        command += ["-metadata:s:s:1", "language=ita", "-disposition:s:1", "forced"]
        command += ["-metadata:s:s:2", "language=eng", "-disposition:s:2", "hearing_impaired"]
        subprocess.run([*command, str(path)], check=True, timeout=60, stdin=subprocess.DEVNULL)
        return path.read_bytes()

    return make


@pytest.fixture
def stage(settings: Settings, database: Database, storage: S3Storage, queue: JobQueue) -> Stage:
    """Videos, and what became of them."""
    return Stage(settings, database, storage, queue)


async def extracted(stage: Stage, video_id: UUID) -> list[Row]:
    """The tracks of a video when its extraction has ended."""
    await stage.until_status(video_id, "READY")

    async def ended() -> bool:
        return bool(await stage.value(_JOBS) == 0)

    await stage.until(ended)
    async with stage.database.connection() as db:
        return await fetch_all(
            db,
            Row,
            "SELECT id, kind, language, name, is_default, is_forced, format FROM text_tracks"
            " WHERE video_id = %s ORDER BY created_at, source_stream LIMIT 100",
            (video_id,),
        )


async def text_of(stage: Stage, video_id: UUID, row: Row) -> str:
    return (await stage.storage.read(keys.captions_key(video_id, row.id), 0, 1 << 20)).decode()


class TestExtract:
    @pytest.mark.parametrize(("name", "forms"), [("film.mkv", ["srt", "ass", "srt"]), ("film.mp4", ["srt"] * 3)])
    async def test_every_text_stream_becomes_a_track(
        self, stage: Stage, text_film: Callable[[str], bytes], name: str, forms: list[str]
    ) -> None:
        """With the language, kind and words that the film has, and its chapters."""
        async with stage.working():
            video_id = await stage.upload(text_film(name))
            rows = await extracted(stage, video_id)
        assert [row.language for row in rows] == ["de", "it", "en"]
        assert [row.kind for row in rows] == ["subtitles", "subtitles", "captions"]
        assert [row.is_forced for row in rows] == [False, True, False]
        assert [row.format for row in rows] == forms
        assert not any(row.is_default for row in rows)
        german, italian, english = [await text_of(stage, video_id, row) for row in rows]
        assert "00:00:01.000 --> 00:00:02.500\nHello <i>there</i>\n" in german
        assert "00:00:03.000 --> 00:00:04.000\nGrüße &amp; <b>Küsse</b>\n" in german
        assert "00:00:01.000 --> 00:00:02.500\n<i>Ciao</i>\na tutti\n" in italian
        assert "[door slams]" in english
        async with stage.database.connection() as db:
            chapters = await repository.find_chapters(db, video_id)
        assert chapters == [Chapter(0.0, "Start"), Chapter(2.0, "Chapter 2")]

    async def test_times_count_from_where_the_film_begins(
        self, stage: Stage, text_film: Callable[[str], bytes], tmp_path: Path
    ) -> None:
        """Not from the zero of its clock."""
        plain, late = tmp_path / "film.mkv", tmp_path / "late.mkv"
        plain.write_bytes(text_film("film.mkv"))
        command = [find_binaries().ffmpeg, "-v", "error", "-i", str(plain), "-map", "0", "-c", "copy"]
        subprocess.run([*command, "-output_ts_offset", "0.8", str(late)], check=True, timeout=60)
        async with stage.working():
            video_id = await stage.upload(late.read_bytes())
            rows = await extracted(stage, video_id)
        assert "00:00:01.000 --> 00:00:02.500\nHello" in await text_of(stage, video_id, rows[0])

    async def test_it_may_run_twice_and_leaves_what_people_set(
        self, stage: Stage, text_film: Callable[[str], bytes]
    ) -> None:
        """The same tracks, the owner's chapters."""
        async with stage.working():
            video_id = await stage.upload(text_film("film.mkv"))
            before = await extracted(stage, video_id)
            async with stage.database.transaction() as db:
                await repository.set_chapters(db, video_id, [])
                await stage.queue.enqueue(db, extract_job(video_id))
            assert await extracted(stage, video_id) == before
        async with stage.database.connection() as db:
            assert await repository.find_chapters(db, video_id) == []

    async def test_a_film_without_text_has_none(self, stage: Stage, tmp_path: Path) -> None:
        """And nothing is wrong with it."""
        film = tmp_path / "film.mp4"
        command = [
            find_binaries().ffmpeg,
            "-v",
            "error",
            "-f",
            "lavfi",
            "-i",
            "testsrc2=size=320x180:rate=5",
            "-t",
            "2",
        ]
        subprocess.run([*command, "-c:v", "libx264", "-preset", "ultrafast", str(film)], check=True, timeout=60)
        async with stage.working():
            video_id = await stage.upload(film.read_bytes())
            assert await extracted(stage, video_id) == []
        assert await stage.failure(video_id) == (None, None)
