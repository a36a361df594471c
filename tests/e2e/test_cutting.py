"""Clips and downloads on the watch page, in a real browser; and what other programs make of a clip."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.e2e.frame_film import RATE, decode_frames, decode_tone_edges, make_frame_film
from tests.e2e.installation import Installation, until
from tests.e2e.visiting import Visit, frame_after_seek, seek, wait_for

SECONDS = 24
START, END = 5.48, 19.6  # within cells; the tone of the film changes at every whole second


@pytest.fixture(scope="module")
def film_id(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The id of an encoded public film whose pictures tell their frame number."""
    film = make_frame_film(tmp_path_factory.mktemp("frames") / "frames.mp4", seconds=SECONDS)
    video_id = installation.upload(film, visibility="public")
    installation.until_encoded(video_id)
    return video_id


class TestClip:
    def test_it_is_cut_where_the_player_stands(self, visit: Visit, installation: Installation, film_id: str) -> None:
        """Two marks and a name; the clip plays in the browser and elsewhere, to the frame, with its sound in time."""
        visit.sign_in()
        page = visit.play(f"/watch/{film_id}")
        for moment, label in ((START, "Start here"), (END, "End here")):
            seek(page, moment)
            page.get_by_role("button", name=label).click()
        page.get_by_label("Title").fill("The middle")
        page.get_by_role("button", name="Make clip").click()
        wait_for(page, "() => document.querySelector('.clip-said a')")
        clip_id = str(page.evaluate("document.querySelector('.clip-said a').href")).rsplit("/", 1)[1]
        video = installation.until_encoded(clip_id)
        assert (video["title"], video["visibility"]) == ("The middle", "private")
        assert video["duration"] == pytest.approx(END - START)
        change = {"visibility": "unlisted"}
        installation.client.patch(f"/api/v1/videos/{clip_id}", json=change, headers=installation.headers)
        first = round(START * RATE)
        until(lambda: installation.client.get(video["playback"]["hls"]).status_code == 200)
        shown = decode_frames(f"{installation.url}{video['playback']['hls']}")
        assert shown == list(range(first, round(END * RATE)))
        edges = decode_tone_edges(f"{installation.url}{video['playback']['hls']}")
        assert edges == pytest.approx([second - START for second in range(6, 20)], abs=0.012)
        page = visit.play(f"/watch/{clip_id}")
        for moment in (0.02, 3.02, END - START - 0.1):
            frame, expected = frame_after_seek(page, moment)
            assert abs(frame - first - expected) <= 1
        assert visit.faults == []

    def test_visitors_cannot_cut(self, visit: Visit, film_id: str) -> None:
        """The marks are its owner's."""
        page = visit.play(f"/watch/{film_id}")
        assert not page.get_by_role("button", name="Make clip").is_visible()


class TestDownloads:
    def test_the_owner_offers_and_a_visitor_fetches(
        self, visit: Visit, browser: Browser, installation: Installation, film_id: str, tmp_path: Path
    ) -> None:
        """What is offered is made, told to everybody with its size, and withdrawn again."""
        visit.sign_in()
        page = visit.play(f"/watch/{film_id}")
        row = page.locator(".download[data-name=v240]")
        page.get_by_role("button", name="Offer: 240p").click()
        until(lambda: row.get_attribute("data-state") == "ready")
        visitor = Visit(browser, installation, accept_downloads=True)
        guest = visitor.play(f"/watch/{film_id}")
        until(lambda: guest.locator(".download").count() == 1)
        with guest.expect_download() as fetched:
            guest.get_by_role("link", name="Download: 240p").click()
        file = tmp_path / "fetched.mp4"
        fetched.value.save_as(file)
        assert fetched.value.suggested_filename == "frames 240p.mp4"
        assert decode_frames(str(file)) == list(range(SECONDS * RATE))
        visitor.context.close()
        page.get_by_role("button", name="Withdraw: 240p").click()
        until(lambda: row.get_attribute("data-state") == "none")
        assert visit.faults == []

    def test_it_fits_a_narrow_screen(self, browser: Browser, installation: Installation, film_id: str) -> None:
        """Nothing is cut off at 390 pixels."""
        visit = Visit(browser, installation, viewport={"width": 390, "height": 844})
        visit.sign_in()
        page = visit.play(f"/watch/{film_id}")
        until(lambda: page.get_by_role("button", name="Make clip").is_visible())
        until(lambda: page.locator(".download").count() >= 3)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        visit.context.close()
