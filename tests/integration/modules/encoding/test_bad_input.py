"""Files that cannot be played end FAILED, with a code for programs and a sentence for people."""

import base64
import io
import zipfile
from collections.abc import Callable

import pytest
from tests.integration.modules.encoding.stage import Stage

from matinee.media import keys

Film = Callable[[str], bytes]

HLS = b"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"
CONCAT = b"ffconcat version 1.0\nfile /etc/passwd\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'

DASH = (
    b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT5S">'
    b'<Period><AdaptationSet contentType="video"><Representation id="1" bandwidth="1000">'
    b"<BaseURL>/etc/passwd</BaseURL></Representation></AdaptationSet></Period></MPD>"
)
HTML = b"<!DOCTYPE html><html><body><video src='/etc/passwd'></video></body></html>"
SDP = b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def _zip() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("film.mp4", b"0" * 1000)
    return packed.getvalue()


@pytest.mark.usefixtures("worker")
class TestFailed:
    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"", "empty_file"),
            (b"These are words and no film.\n" * 50, "not_a_video"),
            (HLS, "not_a_video"),
            (CONCAT, "not_a_video"),
            (SVG, "not_a_video"),
            (_zip(), "not_a_video"),
            (DASH, "not_a_video"),
            (HTML, "not_a_video"),
            (SDP, "not_a_video"),
            (PNG, "not_a_video"),
        ],
        ids=["empty", "words", "hls", "ffconcat", "svg", "zip", "dash", "html", "sdp", "png"],
    )
    async def test_a_file_that_is_no_video(self, stage: Stage, content: bytes, code: str) -> None:
        """It fails at the first attempt, and says so in a sentence."""
        video_id = await stage.upload(content)
        await stage.until_status(video_id, "FAILED")
        assert (await stage.failure(video_id))[0] == code
        sentence = await stage.value("SELECT failure_detail FROM videos WHERE id = %s", video_id)
        assert sentence.endswith(".")

    async def test_a_truncated_film(self, stage: Stage, film: Film) -> None:
        """Half a film is told from a whole one."""
        whole = film("indexed.mp4")
        video_id = await stage.upload(whole[: len(whole) // 2])
        await stage.until_status(video_id, "FAILED")
        assert (await stage.failure(video_id))[0] == "source_truncated"

    async def test_a_file_that_is_gone(self, stage: Stage) -> None:
        """A source that somebody removed from the bucket is named as such."""
        video_id = await stage.upload(None)
        await stage.until_status(video_id, "FAILED")
        assert (await stage.failure(video_id))[0] == "source_missing"

    async def test_no_job_is_left(self, stage: Stage) -> None:
        """A failed video costs nothing more."""
        video_id = await stage.upload(b"no film")
        await stage.until_status(video_id, "FAILED")

        async def idle() -> bool:
            return await stage.jobs_left() == 0

        await stage.until(idle)


class TestBombs:
    """A small file that would become a huge one is refused before anything of it is decoded."""

    async def test_too_many_pixels(self, stage: Stage, film: Film) -> None:
        """A picture larger than this server accepts."""
        async with stage.working(max_source_pixels=640 * 360 - 1):
            video_id = await stage.upload(film("silent.mp4"))
            await stage.until_status(video_id, "FAILED")
        assert (await stage.failure(video_id))[0] == "too_many_pixels"

    async def test_too_long(self, stage: Stage, film: Film) -> None:
        """A film longer than this server accepts."""
        async with stage.working(max_source_hours=5 / 3600):
            video_id = await stage.upload(film("silent.mp4"))
            await stage.until_status(video_id, "FAILED")
        assert (await stage.failure(video_id))[0] == "too_long"


@pytest.mark.usefixtures("worker")
class TestDeleted:
    async def test_what_is_stored_after_the_deletion_is_removed(self, stage: Stage, film: Film) -> None:
        """A video that is deleted while it is encoded leaves no objects behind."""
        video_id = await stage.upload(film("film.mkv"))
        await stage.until_cells(video_id, 1)
        await stage.execute("UPDATE videos SET deleted_at = now() WHERE id = %s", video_id)

        async def idle() -> bool:
            return await stage.jobs_left() == 0

        await stage.until(idle)
        assert await stage.storage.delete_prefix(keys.video_prefix(video_id)) == 0
