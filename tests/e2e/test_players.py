"""The three players of the open web, as they are published, on a film of which hardly anything exists yet."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from tests.e2e.frame_film import make_frame_film
from tests.e2e.installation import Installation, until
from tests.e2e.visiting import frame_after_seek, wait_for

from matinee.media.binaries import find_binaries

SECONDS = 70  # of text two segments
MODULES = Path(__file__).parents[2] / "web" / "node_modules"
SCRIPTS = {
    "hls.js": MODULES / "hls.js" / "dist" / "hls.min.js",
    "shaka-player": MODULES / "shaka-player" / "dist" / "shaka-player.compiled.js",
    "dash.js": MODULES / "dashjs" / "dist" / "modern" / "umd" / "dash.all.min.js",
}
EMPTY_PAGE = "<!doctype html><div id=words style='position: relative'><video width=640 height=360></video></div>"
HAS_READ = r"""
(part) => performance.getEntriesByType("resource").some(
  (file) => file.name.includes(part) && /\d\.(m4s|cmft|vtt)$/.test(file.name) && file.responseStatus === 200)
"""
WORDS = "1\n00:00:02,000 --> 00:00:06,000\nGood morning\n\n2\n00:01:02,000 --> 00:01:07,000\nGood night\n"


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Numbered frames with an English and a German sound."""
    folder = tmp_path_factory.mktemp("players")
    plain = make_frame_film(folder / "plain.mp4", seconds=SECONDS)
    german = f"sine=frequency=300:sample_rate=48000:duration={SECONDS}"
    command = [find_binaries().ffmpeg, "-y", "-loglevel", "error", "-nostdin", "-i", str(plain)]
    command += ["-f", "lavfi", "-i", german, "-map", "0", "-map", "1", "-c:v", "copy", "-c:a", "aac"]
    command += ["-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=ger", str(folder / "film.mp4")]
    subprocess.run(command, check=True)
    return folder / "film.mp4"


@pytest.fixture(scope="module")
def on_demand() -> Iterator[Installation]:
    """An installation that makes of a film what is watched."""
    with Installation(ENCODE_POLICY="on_demand") as installation:
        installation.start("serve", "worker")
        installation.sign_up()
        yield installation


@pytest.fixture
def page(browser: Browser, on_demand: Installation) -> Iterator[Page]:
    """An empty page of the installation's own origin; the pages' own policy does not hold in it."""
    context = browser.new_context(base_url=on_demand.url, bypass_csp=True)
    page = context.new_page()
    page.goto("/api/v1/health/live")
    page.set_content(EMPTY_PAGE)
    yield page
    context.close()


class TestPlayers:
    @pytest.mark.parametrize("player", list(SCRIPTS))
    def test_a_film_is_watched_from_zero(self, page: Page, on_demand: Installation, film: Path, player: str) -> None:
        """It plays at once; seeks, captions, another sound and another quality are made when they are asked for."""
        video_id = on_demand.upload(film, visibility="public")
        headers = {**on_demand.headers, "Content-Type": "text/plain"}
        path = f"/api/v1/videos/{video_id}/captions?language=en"
        on_demand.client.post(path, content=WORDS, headers=headers).raise_for_status()
        until(lambda: on_demand.video(video_id)["status"] == "READY")
        page.add_script_tag(path=SCRIPTS[player])
        page.add_script_tag(path=Path(__file__).with_name("players.js"))
        page.evaluate("([player, folder]) => matinee.open(player, folder)", [player, f"/playback/{video_id}"])
        wait_for(page, "() => matinee.video.currentTime > 0.5")

        lowest, *_, highest = page.evaluate("matinee.heights()")
        assert page.evaluate("matinee.languages().map((language) => language.slice(0, 2))") == ["en", "de"]
        shown, expected = frame_after_seek(page, SECONDS - 6.98)
        assert abs(shown - expected) <= 1

        page.evaluate("(height) => matinee.setHeight(height)", highest)
        shown, expected = frame_after_seek(page, SECONDS / 2 + 0.02)
        page.evaluate("matinee.video.play()")
        wait_for(page, "(height) => matinee.video.videoHeight === height", highest)
        assert lowest < highest
        assert abs(shown - expected) <= 1

        page.evaluate("matinee.setLanguage(matinee.languages()[1])")
        wait_for(page, HAS_READ, "/audio2/")

        page.evaluate("matinee.setText('en')")
        # shaka-player forgets what was on its way when a seek comes, and reads no words then: decision 0026
        wait_for(page, HAS_READ, "/captions/")
        frame_after_seek(page, 64)
        wait_for(page, "() => matinee.words().includes('Good night')")
        wait_for(page, "(from) => matinee.video.play().then(() => matinee.video.currentTime > from)", 64.5)
        assert page.evaluate("matinee.faults") == []
