"""Watching in a real browser: pages, players, pictures."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from tests.e2e.frame_film import RATE, decode_frames, decode_tone_edges, make_frame_film
from tests.e2e.installation import Installation, until
from tests.e2e.visiting import Visit, frame_after_seek, seek, wait_for

SECONDS = 24

_ALL_IS_BUFFERED = """
() => {
  const { buffered, duration } = window.matinee.video;
  return buffered.length === 1 && buffered.end(0) > duration - 0.1;
}
"""


@pytest.fixture(scope="module")
def film_id(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The id of an encoded public film whose pictures tell their frame number."""
    film = make_frame_film(tmp_path_factory.mktemp("frames") / "frames.mp4", seconds=SECONDS)
    video_id = installation.upload(film, visibility="public")
    installation.until_encoded(video_id)
    return video_id


class TestHls:
    def test_time_advances_and_nothing_complains(self, visit: Visit, film_id: str) -> None:
        """A newcomer opens the link: the film plays, from this host alone, without an error in the console."""
        page = visit.play(f"/watch/{film_id}")
        wait_for(page, "() => window.matinee.video.currentTime > 2")
        assert page.evaluate("window.matinee.engine") == "hls"
        assert visit.hosts <= {"localhost", "127.0.0.1", ""}
        assert visit.faults == []
        assert page.title().startswith("frames")

    def test_a_seek_shows_the_right_picture(self, visit: Visit, film_id: str) -> None:
        """To the middle, the edges of cells, near the end, the beginning: within a frame of the time asked for."""
        page = visit.play(f"/watch/{film_id}")
        for seconds in (SECONDS / 2 + 0.02, 5.02, SECONDS - 0.98, 0.02, 1.02):
            shown, expected = frame_after_seek(page, seconds)
            assert abs(shown - expected) <= 1, seconds
            assert abs(shown - seconds * RATE) <= 1.5, seconds

    def test_the_quality_switches(self, visit: Visit, film_id: str) -> None:
        """Each level of the menu comes on screen with its own size, and the picture stays right."""
        page = visit.play(f"/watch/{film_id}")
        heights = page.evaluate("window.matinee.levels.map((level) => level.height)")
        assert heights == sorted(set(heights))
        assert heights[-1] == 360
        for index, height in enumerate(heights):
            seek(page, 1)  # behind the last segment nothing switches any more
            page.evaluate("(index) => window.matinee.setLevel(index)", index)
            page.evaluate("() => window.matinee.play()")
            wait_for(page, "(height) => window.matinee.video.videoHeight === height", height)
            shown, expected = frame_after_seek(page, 5.02 + 5 * index)
            assert abs(shown - expected) <= 1

    def test_the_quality_switches_where_the_player_knows_no_segment(
        self, visit: Visit, installation: Installation, tmp_path: Path
    ) -> None:
        """hls.js sees a hole of two pictures behind the first segment; four tenths of a second at this frame rate."""
        film = make_frame_film(tmp_path / "slow.mp4", seconds=12, rate=5)
        video_id = installation.upload(film, visibility="public")
        installation.until_encoded(video_id)
        page = visit.play(f"/watch/{video_id}")
        wait_for(page, _ALL_IS_BUFFERED)
        seek(page, 1.02)
        shown = page.evaluate("window.matinee.video.videoHeight")
        heights = page.evaluate("window.matinee.levels.map((level) => level.height)")
        index, height = next((index, height) for index, height in enumerate(heights) if height != shown)
        page.evaluate("(index) => { window.matinee.setLevel(index); return window.matinee.play(); }", index)
        wait_for(page, "(height) => window.matinee.video.videoHeight === height", height)

    def test_the_keyboard_works(self, visit: Visit, film_id: str) -> None:
        """Space pauses, arrows seek, m mutes."""
        page = visit.play(f"/watch/{film_id}")
        page.locator("body").press("k")
        wait_for(page, "() => window.matinee.video.paused")
        before = page.evaluate("window.matinee.video.currentTime")
        page.locator("body").press("ArrowRight")
        wait_for(page, "(before) => window.matinee.video.currentTime > before + 3", before)
        muted = page.evaluate("window.matinee.video.muted")
        page.locator("body").press("m")
        wait_for(page, "(muted) => window.matinee.video.muted !== muted", muted)


class TestDash:
    def test_the_manifest_plays_in_shaka_player(self, visit: Visit, film_id: str) -> None:
        """Time advances, and a seek shows the right picture."""
        page = visit.play(f"/watch/{film_id}?engine=dash")
        assert page.evaluate("window.matinee.engine") == "dash"
        shown, expected = frame_after_seek(page, SECONDS / 2 + 0.02)
        assert abs(shown - expected) <= 1


class TestSync:
    @pytest.mark.parametrize("manifest", ["master.m3u8", "manifest.mpd"])
    def test_sound_and_picture_agree_within_a_frame(
        self, installation: Installation, film_id: str, manifest: str
    ) -> None:
        """An independent decoder reads the served playlist: every frame in its place, every edge of the tone too."""
        source = f"{installation.url}/playback/{film_id}/{manifest}"
        frames = decode_frames(source)
        assert frames == list(range(SECONDS * RATE))
        edges = decode_tone_edges(source)
        assert len(edges) == SECONDS - 1
        assert max(abs(edge - second) for second, edge in enumerate(edges, 1)) <= 1 / RATE


class TestEmbed:
    def test_the_player_alone_plays(self, visit: Visit, film_id: str) -> None:
        """Without the page around it, and other sites may frame it."""
        page = visit.play(f"/embed/{film_id}")
        assert page.evaluate("window.matinee.video.currentTime") > 0
        answer = visit.context.request.get(f"/embed/{film_id}")
        assert "frame-ancestors *" in answer.headers["content-security-policy"]


class TestPhone:
    @pytest.mark.parametrize("path", ["/", "/watch/{id}"])
    def test_nothing_is_wider_than_the_screen(
        self, browser: Browser, installation: Installation, film_id: str, path: str
    ) -> None:
        """360 pixels are enough."""
        visit = Visit(browser, installation, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
        visit.page.goto(path.format(id=film_id))
        visit.page.wait_for_load_state("networkidle")
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= 360
        visit.context.close()

    def test_a_finger_plays_seeks_and_pauses(
        self, browser: Browser, installation: Installation, film_id: str
    ) -> None:
        """The button in the middle plays, the time line seeks, a tap on the picture brings the controls back."""
        visit = Visit(browser, installation, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
        page = visit.page
        page.goto(f"/watch/{film_id}")
        wait_for(page, "() => window.matinee?.page === 'player'")
        page.locator(".big-play").tap()
        wait_for(page, "() => window.matinee.video.currentTime > 0.5")
        line = page.locator(".timeline").bounding_box()
        assert line is not None
        page.touchscreen.tap(line["x"] + line["width"] / 2, line["y"] + line["height"] / 2)
        wait_for(page, f"() => Math.abs(window.matinee.video.currentTime - {SECONDS / 2}) < 3")
        wait_for(page, "() => document.querySelector('.player').dataset.idle === ''")
        page.locator(".player-overlay").tap(position={"x": 60, "y": 60})
        wait_for(page, "() => document.querySelector('.player').dataset.idle === undefined")
        assert not page.evaluate("window.matinee.video.paused")
        page.locator("[data-control=play]").tap()
        wait_for(page, "() => window.matinee.video.paused")
        assert visit.faults == []
        visit.context.close()


class TestPrivate:
    def test_only_the_owner_can_watch(self, visit: Visit, installation: Installation, film: Path) -> None:
        """The anonymous get "not found"; the owner signs in and it plays."""
        video_id = installation.upload(film, visibility="private")
        installation.until_encoded(video_id)
        visit.page.goto(f"/watch/{video_id}")
        wait_for(visit.page, "() => window.matinee?.page === 'not-found'")
        visit.sign_in()
        visit.play(f"/watch/{video_id}")
        visit.page.goto("about:blank")
        visit.asked.clear()
        self.plays_without_media_source(visit, video_id)

    def plays_without_media_source(self, visit: Visit, video_id: str) -> None:
        """As on a telephone, by a token in the address, and by the next one when that is about to end."""
        page = visit.page
        page.add_init_script("delete window.MediaSource; delete window.ManagedMediaSource")
        page.clock.install()
        visit.play(f"/watch/{video_id}")
        assert page.evaluate("() => window.matinee.engine") == "native"
        first = page.evaluate("() => window.matinee.video.src")
        stood = page.evaluate("() => window.matinee.video.currentTime")
        # `fast_forward` now and then loses a timer of a clock that runs.
        page.clock.pause_at(datetime.now(UTC) + timedelta(minutes=9.5))
        page.clock.resume()
        wait_for(
            page,
            "([first, stood]) => { const video = window.matinee.video;"
            " return video.src !== first && video.currentTime > stood; }",
            [first, stood],
        )
        read = [url for url in visit.asked if url.endswith((".m3u8", ".m4s"))]
        assert read
        assert all("/t/" in url for url in read)


@pytest.fixture(scope="module")
def told_film_id(installation: Installation, film_id: str) -> str:
    """The same film with English captions, German subtitles at the top, and chapters."""
    english = "WEBVTT\n\n00:02.000 --> 00:04.000\nGood <b>morning</b>\n\n00:10.000 --> 00:12.000\n[thunder]\n"
    german = "1\n00:00:02,000 --> 00:00:04,000\n{\\an8}Guten Morgen\n"
    for file, about in (
        (english, {"language": "en", "kind": "captions", "name": "English"}),
        (german, {"language": "de"}),
    ):
        path = f"/api/v1/videos/{film_id}/captions"
        headers = {**installation.headers, "Content-Type": "text/plain"}
        installation.client.post(path, params=about, content=file.encode(), headers=headers).raise_for_status()
    items = [{"start": 0, "title": "Calm"}, {"start": 10, "title": "The storm"}]
    path = f"/api/v1/videos/{film_id}/chapters"
    installation.client.put(path, json={"items": items}, headers=installation.headers).raise_for_status()
    return film_id


HAS_WORDS = r"""
() => performance.getEntriesByType("resource").some((file) => /\/captions\/.*\/\d+\.\w+$/.test(file.name))
"""


def drawn_text(page: Page) -> str:
    """The captions on screen."""
    return str(page.locator(".player-captions").inner_text()).replace("\u00a0", " ").strip()


class TestCaptions:
    @pytest.mark.parametrize("engine", ["hls", "dash"])
    def test_the_words_are_on_screen_at_their_time(self, visit: Visit, told_film_id: str, engine: str) -> None:
        """By hls.js and by shaka-player; and not at another time."""
        page = visit.play(f"/watch/{told_film_id}?engine={engine}")
        assert page.evaluate("window.matinee.texts.map((text) => text.language)") == ["en", "de"]
        assert page.evaluate("window.matinee.selectedText") == -1
        page.evaluate("window.matinee.setText(0)")
        wait_for(page, HAS_WORDS)  # shaka-player drops what is on its way when a seek comes: decision 0026
        for seconds, words in ((3, "Good morning"), (11, "[thunder]"), (6, ""), (2.2, "Good morning"), (1.8, "")):
            seek(page, seconds)
            until(lambda words=words: drawn_text(page) == words)
        seek(page, 3)
        page.evaluate("window.matinee.setText(1)")
        until(lambda: drawn_text(page) == "Guten Morgen")
        page.evaluate("window.matinee.setText(-1)")
        until(lambda: drawn_text(page) == "")
        assert visit.faults == []

    def test_the_c_key_and_the_menu(self, visit: Visit, told_film_id: str) -> None:
        """On and off, another language, and the choice is kept for the next visit."""
        page = visit.play(f"/watch/{told_film_id}")
        page.locator("body").press("c")
        assert page.evaluate("window.matinee.selectedText") == 0
        page.locator("body").press("c")
        assert page.evaluate("window.matinee.selectedText") == -1
        page.locator("[data-menu=captions] .menu-button").click()
        labels = page.locator("[data-menu=captions] .menu-label").all_inner_texts()
        assert labels == ["Off", "English (CC)", "German"]
        page.locator("[data-menu=captions] [data-value='1']").click()
        seek(page, 3)
        until(lambda: drawn_text(page) == "Guten Morgen")
        player, words = page.locator(".player").bounding_box(), page.locator(".caption").bounding_box()
        assert player is not None
        assert words is not None
        assert words["y"] < player["y"] + player["height"] / 4
        visit.play(f"/watch/{told_film_id}")
        assert page.evaluate("window.matinee.selectedText") == 1

    def test_chapters_are_on_the_time_line_and_listed(self, visit: Visit, told_film_id: str) -> None:
        """A mark where one begins, a menu in the player, a list below it."""
        page = visit.play(f"/watch/{told_film_id}")
        wait_for(page, "() => window.matinee.chapters.length === 2")
        assert page.locator(".timeline-marks span").count() == 1
        page.locator(".chapter", has_text="The storm").click()
        wait_for(page, "() => window.matinee.video.currentTime >= 10")
        page.locator("[data-menu=chapters] .menu-button").click()
        page.locator("[data-menu=chapters] [data-value='0']").click()
        wait_for(page, "() => window.matinee.video.currentTime < 9")

    @pytest.mark.parametrize("width", [1280, 390])
    def test_the_transcript_follows_the_time_and_leads_to_it(
        self, browser: Browser, installation: Installation, told_film_id: str, width: int
    ) -> None:
        """Closed at first; the line that is said is marked, and one that is chosen is played. It fits the page."""
        visit = Visit(browser, installation, viewport={"width": width, "height": 800})
        page = visit.play(f"/watch/{told_film_id}")
        page.evaluate("window.matinee.video.pause()")
        page.locator(".transcript-panel summary").click()
        lines = page.locator(".transcript-line")
        until(lambda: lines.all_inner_texts() == ["0:02\nGood morning", "0:10\n[thunder]"])
        seek(page, 3)
        current = page.locator(".transcript-list [aria-current]")
        until(lambda: current.all_inner_texts() == ["0:02\nGood morning"])
        lines.nth(1).click()
        wait_for(page, "() => window.matinee.video.currentTime >= 10")
        until(lambda: current.all_inner_texts() == ["0:10\n[thunder]"])
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert visit.faults == []
        visit.context.close()

    def test_on_a_phone_everything_fits(
        self, browser: Browser, installation: Installation, told_film_id: str
    ) -> None:
        """The embedded player at 360 pixels: every control and the menus within the picture, the words above them."""
        visit = Visit(browser, installation, viewport={"width": 360, "height": 203}, has_touch=True, is_mobile=True)
        page = visit.play(f"/embed/{told_film_id}")
        page.evaluate("window.matinee.setText(0)")
        seek(page, 3)
        until(lambda: drawn_text(page) == "Good morning")
        for menu in ("captions", "chapters"):
            page.locator(f"[data-menu={menu}] .menu-button").click()
            box = page.locator(f"[data-menu={menu}] .player-menu").bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["y"] >= 0
            assert box["x"] + box["width"] <= 360
            assert box["y"] + box["height"] <= 203
            page.locator(f"[data-menu={menu}] .menu-button").click()
        for control in page.locator(".control-row button:visible").all():
            box = control.bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 360
        row, words = page.locator(".control-row").bounding_box(), page.locator(".caption").bounding_box()
        assert row is not None
        assert words is not None
        assert words["y"] + words["height"] <= row["y"]
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        visit.context.close()


class TestDocumentation:
    def test_swagger_shows_every_operation(self, visit: Visit) -> None:
        """From assets of this host."""
        visit.page.goto("/documentation")
        visit.page.wait_for_selector(".opblock", timeout=60_000)
        described = visit.page.request.get("/openapi.json").json()["paths"].values()
        expected = {operation["operationId"] for path in described for operation in path.values()}
        shown: set[str] = set()

        def look() -> bool:  # only what is in sight is rendered
            shown.update(visit.page.eval_on_selector_all(".opblock", "all => all.map((one) => one.id)"))
            visit.page.mouse.wheel(0, 600)
            return len(shown) >= len(expected)

        until(look)
        assert {name.rpartition("-")[2] for name in shown} == expected
        assert visit.hosts <= {"localhost", "127.0.0.1", ""}
