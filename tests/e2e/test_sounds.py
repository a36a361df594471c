"""Choosing among several sounds in a real browser."""

import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from tests.e2e.installation import Installation
from tests.e2e.visiting import Visit, wait_for

from matinee.media.binaries import find_binaries

ENGLISH, GERMAN, FRENCH = 500, 1000, 2000  # Hertz
# The loudest frequency of what the video plays.
_LISTEN = """
() => new Promise((resolve) => {
  const video = window.matinee.video;
  video.muted = false;
  window.listener ??= (() => {
    const context = new AudioContext();
    const analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
    context.createMediaElementSource(video).connect(analyser);
    return { context, analyser };
  })();
  const { context, analyser } = window.listener;
  const bins = new Float32Array(analyser.frequencyBinCount);
  setTimeout(() => {
    analyser.getFloatFrequencyData(bins);
    const loudest = bins.reduce((best, value, at) => (value > bins[best] ? at : best), 0);
    resolve(Math.round((loudest * context.sampleRate) / 8192 / 50) * 50);
  }, 300);
})
"""


@pytest.fixture(scope="module")
def film_id(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A public film in English, German (with 5.1) and French."""
    file = tmp_path_factory.mktemp("dubbed") / "dubbed.mkv"
    command = [find_binaries().ffmpeg, "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=640x360:r=10"]
    for tone, layout in ((ENGLISH, "stereo"), (GERMAN, "5.1"), (FRENCH, "stereo")):
        command += ["-f", "lavfi", "-i", f"sine={tone}:r=48000,aformat=channel_layouts={layout}"]
    command += ["-map", "0:v", "-map", "1:a", "-map", "2:a", "-map", "3:a", "-t", "30"]
    command += ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "flac"]
    for place, language in enumerate(("eng", "ger", "fra")):
        command += [f"-metadata:s:a:{place}", f"language={language}"]
    subprocess.run([*command, "-metadata:s:a:2", "title=Commentaire", str(file)], check=True)
    video_id = installation.upload(file, visibility="public")
    installation.until_encoded(video_id)
    return video_id


def choose(page: Page, label: str) -> None:
    """By the menu, as a viewer does."""
    menu = page.locator("[data-menu=sounds]")
    menu.get_by_role("button").first.click()
    menu.get_by_role("menuitemradio", name=label).click()


def hear(page: Page, tone: int) -> None:
    """Waits until the tone sounds."""
    page.evaluate("() => window.matinee.play()")
    wait_for(page, f"async (tone) => await ({_LISTEN})() === tone", tone)


@pytest.mark.parametrize("engine", ["hls", "dash"])
class TestSoundMenu:
    def test_the_sound_that_is_chosen_is_heard(self, visit: Visit, film_id: str, engine: str) -> None:
        """The default first; then each that the menu names, and the quality stays what it is."""
        page = visit.play(f"/watch/{film_id}?engine={engine}")
        assert page.evaluate("window.matinee.sounds.map((sound) => sound.name)") == ["en", "de", "Commentaire"]
        hear(page, ENGLISH)
        choose(page, "German")
        hear(page, GERMAN)
        choose(page, "Commentaire")
        hear(page, FRENCH)
        labels = page.evaluate("window.matinee.levels.map((level) => level.label)")
        assert labels == ["240p", "360p"]
        assert visit.faults == []

    def test_the_next_page_begins_in_the_same_language(self, visit: Visit, film_id: str, engine: str) -> None:
        """A viewer who listens in German does so everywhere."""
        page = visit.play(f"/watch/{film_id}?engine={engine}")
        choose(page, "German")
        hear(page, GERMAN)
        hear(visit.play(f"/watch/{film_id}?engine={engine}&again"), GERMAN)


class TestSmallScreen:
    def test_the_menu_fits_on_a_phone(
        self, browser: Browser, installation: Installation, film_id: str, tmp_path: Path
    ) -> None:
        """Button and list lie within the screen."""
        visit = Visit(browser, installation, viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True)
        page = visit.play(f"/watch/{film_id}")
        page.evaluate("() => window.matinee.video.pause()")
        button = page.locator("[data-menu=sounds] > button")
        button.click()
        page.screenshot(path=tmp_path / "phone.png")
        for box in (button.bounding_box(), page.locator("[data-menu=sounds] [role=menu]").bounding_box()):
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 360
        visit.context.close()


class TestOneSound:
    def test_there_is_nothing_to_choose(self, visit: Visit, installation: Installation, film: Path) -> None:
        """A film with one sound shows no menu."""
        video_id = installation.upload(film, visibility="public")
        installation.until_encoded(video_id)
        page = visit.play(f"/watch/{video_id}")
        assert page.locator("[data-menu=sounds]").is_hidden()
