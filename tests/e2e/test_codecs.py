"""AV1 and HEVC in a real browser: what it knows is played, what it does not is left out."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.frame_film import RATE, decode_frames, make_frame_film
from tests.e2e.installation import Installation
from tests.e2e.visiting import Visit, frame_after_seek, wait_for

SECONDS = 10


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    """One that offers all codecs."""
    with Installation(CODECS="h264,av1,hevc") as installation:
        installation.start("serve", "worker")
        installation.sign_up()
        yield installation


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film whose pictures tell their frame number."""
    return make_frame_film(tmp_path_factory.mktemp("frames") / "frames.mp4", seconds=SECONDS, size="426x240")


@pytest.fixture(scope="module")
def film_id(installation: Installation, frames: Path) -> str:
    """It in all codecs."""
    video_id = installation.upload(frames, visibility="public")
    installation.until_encoded(video_id)
    return video_id


@pytest.fixture(scope="module")
def hevc_id(installation: Installation, frames: Path) -> str:
    """It in H.264 and HEVC alone."""
    video_id = installation.upload(frames, visibility="public", codecs=["hevc"])
    installation.until_encoded(video_id)
    return video_id


def codecs_of(page_levels: list[dict[str, str]]) -> list[str]:
    return sorted(level["codecs"][:4] for level in page_levels)


class TestHls:
    def test_av1_is_offered_and_plays(self, visit: Visit, film_id: str) -> None:
        """Its level shows the right pictures; HEVC, which this browser does not know, is not in the menu."""
        page = visit.play(f"/watch/{film_id}")
        levels = page.evaluate("window.matinee.levels")
        assert codecs_of(levels) == ["av01", "avc1"]
        assert sorted(level["label"] for level in levels) == ["240p AV1", "240p H.264"]
        [av1] = [level["index"] for level in levels if level["codecs"].startswith("av01")]
        page.evaluate("(index) => window.matinee.setLevel(index)", av1)
        page.evaluate("() => window.matinee.play()")
        wait_for(page, "(index) => window.matinee.currentLevel === index", av1)
        shown, expected = frame_after_seek(page, 5.02)
        assert abs(shown - expected) <= 1
        quality = page.evaluate("window.matinee.video.getVideoPlaybackQuality().totalVideoFrames")
        assert quality > 0
        assert visit.faults == []

    def test_without_av1_h264_plays(self, visit: Visit, hevc_id: str) -> None:
        """The only codec that both know."""
        page = visit.play(f"/watch/{hevc_id}")
        assert codecs_of(page.evaluate("window.matinee.levels")) == ["avc1"]
        wait_for(page, "() => window.matinee.video.getVideoPlaybackQuality().totalVideoFrames > 0")
        assert visit.faults == []


class TestDash:
    def test_shaka_player_takes_av1(self, visit: Visit, film_id: str) -> None:
        """The codec that costs the least, of those that the browser knows."""
        page = visit.play(f"/watch/{film_id}?engine=dash")
        assert codecs_of(page.evaluate("window.matinee.levels")) == ["av01"]
        shown, expected = frame_after_seek(page, 5.02)
        assert abs(shown - expected) <= 1
        assert page.evaluate("window.matinee.video.getVideoPlaybackQuality().totalVideoFrames") > 0

    def test_without_av1_it_takes_h264(self, visit: Visit, hevc_id: str) -> None:
        """HEVC is left out."""
        page = visit.play(f"/watch/{hevc_id}?engine=dash")
        assert codecs_of(page.evaluate("window.matinee.levels")) == ["avc1"]


class TestPrograms:
    @pytest.mark.parametrize("manifest", ["master.m3u8", "manifest.mpd"])
    @pytest.mark.parametrize("stream", [0, 1, 2])
    def test_ffmpeg_reads_every_codec(
        self, installation: Installation, film_id: str, manifest: str, stream: int
    ) -> None:
        """Each is the whole film, in time."""
        shown = decode_frames(f"{installation.url}/playback/{film_id}/{manifest}", stream=stream)
        assert shown == list(range(SECONDS * RATE))
