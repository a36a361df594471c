"""A video as a file: what is missing is made, and the file has the frames of the cells."""

import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from tests.integration.modules.encoding.stage import Stage
from tests.integration.modules.encoding.theatre import Theatre

from matinee.common.http.authentication import Caller
from matinee.common.http.viewer import ANYBODY, Viewer
from matinee.media import keys
from matinee.media.binaries import find_binaries
from matinee.modules.downloads.errors import DownloadNotReady, NoSuchDownload
from matinee.modules.downloads.schemas import Download
from matinee.modules.downloads.service import DownloadService, File
from matinee.modules.videos.errors import VideoNotFound, VideoNotPlayable
from matinee.modules.videos.service import VideoService

Film = Callable[[str], bytes]


class Counter:
    """Where files are asked for: the owner, anybody, and the service between them."""

    def __init__(self, stage: Stage, theatre: Theatre, video_id: UUID, owner: UUID) -> None:
        self._stage = stage
        self.video_id = video_id
        self.owner = Caller(user_id=owner, role="USER", session_id=uuid4())
        self.viewer = Viewer(self.owner)
        videos = VideoService(stage.database, stage.storage, stage.queue, stage.encoding)
        self.service = DownloadService(
            stage.database, stage.storage, stage.queue, videos, theatre.playback, theatre.audience
        )

    async def offer(self, name: str) -> Download:
        async with self._stage.database.transaction() as db:
            return await self.service.offer(db, self.owner, self.video_id, name)

    async def offered(self, viewer: Viewer = ANYBODY) -> list[Download]:
        async with self._stage.database.connection() as db:
            return (await self.service.offered(db, viewer, self.video_id)).items

    async def until_ready(self, name: str) -> None:
        async def is_ready() -> bool:
            return any(d.name == name and d.state == "ready" for d in await self.offered(self.viewer))

        await self._stage.until(is_ready)

    async def fetch(self, name: str, path: Path) -> File:
        """Writes the file as a client would."""
        file = await self.service.open(self.viewer, self.video_id, name)
        assert file.assembly is not None
        path.write_bytes(b"".join([part async for part in file.assembly.read(range(file.assembly.size))]))
        return file


@pytest.fixture
async def counter(stage: Stage, theatre: Theatre, film: Film) -> AsyncIterator[Counter]:
    """A private film of which only the lowest rung, the sound and the first cells exist."""
    async with stage.working():
        video_id = await stage.upload(film("film.mkv"), "on_demand")
        await stage.until_status(video_id, "READY")
        owner = await stage.value("SELECT owner_id FROM videos WHERE id = %s", video_id)
        yield Counter(stage, theatre, video_id, owner)


def decode(path: Path, *options: str) -> bytes:
    """What a decoder makes of a file without a complaint."""
    command = [find_binaries().ffmpeg, "-v", "error", "-xerror", "-i", str(path), *options, "pipe:1"]
    return subprocess.run(command, check=True, capture_output=True).stdout


def pictures_of(path: Path) -> int:
    """How many pictures there are."""
    options = ["-map", "0:v", "-vf", "scale=8:8,format=gray", "-fps_mode", "passthrough", "-f", "rawvideo"]
    return len(decode(path, *options)) // 64


def samples_of(path: Path) -> int:
    """How many samples the sound has."""
    return len(decode(path, "-map", "0:a", "-ac", "1", "-f", "s16le")) // 2


class TestOffer:
    async def test_makes_what_is_missing_and_then_the_file(
        self, counter: Counter, stage: Stage, tmp_path: Path
    ) -> None:
        """A rung that nobody has watched becomes a file with every frame and the sound, named by the title."""
        offered = await counter.offer("v360")
        assert offered.state == "preparing"
        await counter.until_ready("v360")
        file = await counter.fetch("v360", tmp_path / "film.mp4")
        assert pictures_of(tmp_path / "film.mp4") == 12 * 5
        assert samples_of(tmp_path / "film.mp4") == pytest.approx(12 * 48000, abs=4096)
        assert file.disposition == "attachment; filename=\"A film 360p.mp4\"; filename*=UTF-8''A%20film%20360p.mp4"
        sizes = {d.name: d.size for d in await counter.offered(counter.viewer)}
        assert sizes == {"v360": (tmp_path / "film.mp4").stat().st_size}

    async def test_sound_alone_is_a_file_too(self, counter: Counter, tmp_path: Path) -> None:
        """An .m4a."""
        await counter.offer("audio")
        await counter.until_ready("audio")
        file = await counter.fetch("audio", tmp_path / "film.m4a")
        assert samples_of(tmp_path / "film.m4a") == pytest.approx(12 * 48000, abs=4096)
        assert 'filename="A film.m4a"' in file.disposition

    async def test_any_window_has_the_bytes_of_the_whole(self, counter: Counter, tmp_path: Path) -> None:
        """So that a download is resumed where it broke off."""
        await counter.offer("v240")
        await counter.until_ready("v240")
        file = await counter.fetch("v240", tmp_path / "film.mp4")
        whole = (tmp_path / "film.mp4").read_bytes()
        assert file.assembly is not None
        head = len(whole) - sum(piece.length for piece in file.assembly._layout.pieces)
        windows = [range(1), range(head - 1, head + 1), range(len(whole) - 1, len(whole)), range(7, len(whole) - 7)]
        for window in windows:
            read = b"".join([part async for part in file.assembly.read(window)])
            assert read == whole[window.start : window.stop]

    async def test_is_repeatable_and_can_be_taken_back(self, counter: Counter, stage: Stage) -> None:
        """Offered twice it is one file; withdrawn, it is none."""
        await counter.offer("v240")
        await counter.until_ready("v240")
        assert (await counter.offer("v240")).state == "ready"
        async with stage.database.transaction() as db:
            await counter.service.withdraw(db, counter.owner, counter.video_id, "v240")
        assert await counter.offered(counter.viewer) == []
        async with stage.database.transaction() as db:
            with pytest.raises(NoSuchDownload):
                await counter.service.withdraw(db, counter.owner, counter.video_id, "v240")

    async def test_tells_what_could_not_be_made(self, counter: Counter, stage: Stage) -> None:
        """The source is gone: the offer says so, and offered again it is tried again."""
        source = keys.source_key(counter.video_id)
        content = await stage.storage.read(source, 0, await stage.storage.size(source))
        await stage.storage.delete_prefix(source)
        await counter.offer("v360")

        async def has_failed() -> bool:
            return [d.state for d in await counter.offered(counter.viewer)] == ["failed"]

        await stage.until(has_failed)
        assert (await counter.offered(counter.viewer))[0].failure == "Some of the video could not be made."
        await stage.storage.put(source, content, "video/mp4")
        assert (await counter.offer("v360")).state == "preparing"
        await counter.until_ready("v360")

    async def test_refuses_what_the_video_does_not_have(self, counter: Counter, stage: Stage) -> None:
        """A rendition of another video, or a video that cannot be played yet."""
        with pytest.raises(NoSuchDownload):
            await counter.offer("v2160")
        await stage.execute("UPDATE videos SET status = 'PROCESSING' WHERE id = %s", counter.video_id)
        with pytest.raises(VideoNotPlayable):
            await counter.offer("v240")


class TestFetch:
    async def test_waits_for_the_file(self, counter: Counter, stage: Stage) -> None:
        """What is being made is told from what is not offered."""
        with pytest.raises(NoSuchDownload):
            await counter.service.open(counter.viewer, counter.video_id, "v360")
        await stage.execute("INSERT INTO downloads (video_id, name) VALUES (%s, 'v480')", counter.video_id)
        with pytest.raises(DownloadNotReady):
            await counter.service.open(counter.viewer, counter.video_id, "v480")

    async def test_private_stays_private(self, counter: Counter) -> None:
        """Who may not watch the video may not know of its files."""
        with pytest.raises(VideoNotFound):
            await counter.service.open(ANYBODY, counter.video_id, "v240")
        with pytest.raises(VideoNotFound):
            await counter.offered()

    async def test_the_original_is_the_owners_until_it_is_offered(
        self, counter: Counter, stage: Stage, film: Film
    ) -> None:
        """The owner has it always; others when he says so."""
        await stage.execute("UPDATE videos SET visibility = 'public' WHERE id = %s", counter.video_id)
        mine = await counter.service.open(counter.viewer, counter.video_id, "original")
        assert await stage.storage.size(mine.stored.key) == len(film("film.mkv"))
        assert mine.stored.private
        with pytest.raises(NoSuchDownload):
            await counter.service.open(ANYBODY, counter.video_id, "original")
        offered = await counter.offer("original")
        assert (offered.state, offered.size) == ("ready", len(film("film.mkv")))
        await stage.execute("UPDATE videos SET filename = 'Secret name.mkv' WHERE id = %s", counter.video_id)
        theirs = await counter.service.open(ANYBODY, counter.video_id, "original")
        assert 'filename="A film.mkv"' in theirs.disposition
        mine = await counter.service.open(counter.viewer, counter.video_id, "original")
        assert 'filename="Secret name.mkv"' in mine.disposition

    async def test_the_owner_gets_the_original_of_what_failed(self, counter: Counter, stage: Stage) -> None:
        """It is what he may want to look into."""
        await stage.execute(
            "UPDATE videos SET status = 'FAILED', failure_code = 'source_damaged' WHERE id = %s", counter.video_id
        )
        assert (await counter.service.open(counter.viewer, counter.video_id, "original")).assembly is None
        with pytest.raises(VideoNotPlayable):
            await counter.service.open(counter.viewer, counter.video_id, "v240")


class TestKept:
    async def test_what_is_offered_is_not_evicted(self, counter: Counter, stage: Stage) -> None:
        """A file whose parts were deleted would have holes."""
        await counter.offer("v360")
        await counter.until_ready("v360")
        await stage.execute("UPDATE renditions SET first_cell_at = now() - interval '40 days'")
        await stage.retention(keep_days=30).begin_evictions()
        assert await stage.value("SELECT count(*) FROM renditions WHERE evicting") == 0
