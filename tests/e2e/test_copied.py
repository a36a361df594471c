"""A source that conforms is watched as it was uploaded, in a real browser."""

import subprocess

import pytest
from playwright.sync_api import Page
from tests.e2e.frame_film import RATE, decode_frames, decode_tone_edges, make_frame_film
from tests.e2e.installation import Installation
from tests.e2e.visiting import Visit, frame_after_seek, wait_for

from matinee.media.binaries import find_binaries
from matinee.media.plan import RECIPE

SECONDS = 36

_COUNT_STALLS = """
() => {
  window.stalls = 0;
  window.matinee.video.addEventListener("waiting", () => { window.stalls++; });
}
"""


@pytest.fixture(scope="module")
def film_id(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The id of an encoded public film whose keyframes are 4.8 s apart, off the grid, with B-frames."""
    folder = tmp_path_factory.mktemp("copied")
    base = make_frame_film(folder / "base.mp4", seconds=SECONDS)
    command = [find_binaries().ffmpeg, "-loglevel", "error", "-nostdin", "-i", str(base), "-c:a", "copy"]
    command += ["-c:v", "libx264", "-preset", "veryfast", "-bf", "3", "-g", "120", "-sc_threshold", "0"]
    subprocess.run([*command, str(folder / "film.mp4")], check=True)
    video_id = installation.upload(folder / "film.mp4", visibility="public")
    installation.until_encoded(video_id)
    return video_id


def choose(page: Page, index: int) -> None:
    """Has the player show a level, and waits until it does."""
    page.evaluate("(index) => window.matinee.setLevel(index)", index)
    wait_for(page, "(index) => window.matinee.currentLevel === index", index)


def level_count(page: Page) -> int:
    """How many levels there are; the copied one is the last."""
    return int(page.evaluate("window.matinee.levels.length"))


class TestHls:
    def test_a_seek_in_it_shows_the_right_picture(self, visit: Visit, film_id: str) -> None:
        """At the edges of its cells and of the grid's, and anywhere between them."""
        page = visit.play(f"/watch/{film_id}")
        choose(page, level_count(page) - 1)
        for seconds in (13.02, 4.82, 4.78, SECONDS - 0.98, 19.5, 0.02, 1.02):
            shown, expected = frame_after_seek(page, seconds)
            assert page.evaluate("window.matinee.video.videoHeight") == 360, seconds
            assert abs(shown - expected) <= 1, seconds
        assert visit.faults == []

    def test_switching_to_it_and_back_does_not_stall(self, visit: Visit, film_id: str) -> None:
        """Its cells begin elsewhere than those of the encoded rung: the player overlaps them."""
        page = visit.play(f"/watch/{film_id}")
        page.evaluate(_COUNT_STALLS)
        for height, index in ((360, level_count(page) - 1), (240, 0), (360, level_count(page) - 1)):
            before = page.evaluate("window.matinee.video.currentTime")
            page.evaluate("(index) => window.matinee.setLevel(index)", index)
            wait_for(page, "(height) => window.matinee.video.videoHeight === height", height)
            wait_for(page, "(before) => window.matinee.video.currentTime > before + 2", before)
        assert page.evaluate("window.stalls") == 0
        assert visit.faults == []
        shown, expected = frame_after_seek(page, 30.02)
        assert abs(shown - expected) <= 1


class TestDash:
    def test_every_level_shows_the_right_picture(self, visit: Visit, film_id: str) -> None:
        """Though the representations of the set are cut at different times."""
        page = visit.play(f"/watch/{film_id}?engine=dash")
        for index, height in enumerate((240, 360)):
            choose(page, index)
            page.evaluate("() => window.matinee.play()")
            wait_for(page, "(height) => window.matinee.video.videoHeight === height", height)
            for seconds in (19.02, 9.02):
                shown, expected = frame_after_seek(page, seconds)
                assert abs(shown - expected) <= 1
        assert visit.faults == []


class TestSync:
    @pytest.mark.parametrize("address", [f"{RECIPE}/v360-source/playlist.m3u8", "manifest.mpd"])
    def test_every_frame_is_in_its_place(self, installation: Installation, film_id: str, address: str) -> None:
        """As an independent decoder reads it over HTTP; the sound's edges beside it."""
        source = f"{installation.url}/playback/{film_id}/{address}"
        assert decode_frames(source) == list(range(SECONDS * RATE))
        edges = decode_tone_edges(f"{installation.url}/playback/{film_id}/master.m3u8")
        assert max(abs(edge - second) for second, edge in enumerate(edges, 1)) <= 1 / RATE
