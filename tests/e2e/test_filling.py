"""Watching what is still being made, and cells that come from the storage itself."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser
from tests.e2e.frame_film import make_frame_film
from tests.e2e.installation import Installation, make_film, until
from tests.e2e.visiting import Visit, frame_after_seek, wait_for

SECONDS = 60


@pytest.fixture
def half_filled(tmp_path: Path) -> Iterator[tuple[Installation, str]]:
    """An installation whose worker was killed as soon as its film could be played."""
    with Installation() as installation:
        installation.start("serve", "worker")
        installation.sign_up()
        film = make_frame_film(tmp_path / "frames.mp4", seconds=SECONDS)
        video_id = installation.upload(film, visibility="public")
        until(lambda: installation.video(video_id)["status"] == "READY")
        installation.kill("worker")
        yield installation, video_id


class TestHalfFilled:
    def test_plays_shows_its_progress_and_is_made_where_it_is_watched(
        self, browser: Browser, half_filled: tuple[Installation, str]
    ) -> None:
        """What exists plays; a seek to what does not is answered as soon as a worker has made it."""
        installation, video_id = half_filled
        visit = Visit(browser, installation, viewport={"width": 1280, "height": 800})
        page = visit.play(f"/watch/{video_id}")
        panel = page.locator(".encoding-panel")
        assert panel.get_attribute("data-state") == "running"
        names = panel.locator(".rendition-name").all_inner_texts()
        assert len(names) == len(installation.video(video_id)["encoding"]["renditions"])
        assert panel.locator(".encoding-rendition:not([data-done])").count() > 0
        installation.start("worker")
        for seconds in (SECONDS - 6.98, SECONDS / 2 + 0.02):
            shown, expected = frame_after_seek(page, seconds)
            assert abs(shown - expected) <= 1
        wait_for(page, "() => document.querySelector('.encoding-panel').dataset.state === 'complete'")
        assert "Every quality is ready" in panel.inner_text()
        visit.context.close()


class TestRedirect:
    def test_cells_come_from_the_storage(self, browser: Browser, tmp_path: Path) -> None:
        """With delivery by redirect the browser follows to the storage, and a private film stays its owner's."""
        with Installation(DELIVERY="redirect") as installation:
            installation.start("serve", "worker")
            installation.sign_up()
            video_id = installation.upload(make_film(tmp_path / "film.mp4"), visibility="private")
            installation.until_encoded(video_id)
            visit = Visit(browser, installation, viewport={"width": 1280, "height": 800})
            addresses: list[str] = []
            visit.page.on("request", lambda request: addresses.append(request.url))
            visit.sign_in()
            page = visit.play(f"/watch/{video_id}")
            wait_for(page, "() => window.matinee.video.currentTime > 5")
            storage = urlsplit(installation.s3.endpoint.url).netloc
            cells = [urlsplit(url) for url in addresses if ".m4s" in url]
            assert any(cell.netloc == storage for cell in cells)
            assert all("X-Amz-Signature=" in cell.query for cell in cells if cell.netloc == storage)
            bare = f"{installation.s3.endpoint.url}{next(c.path for c in cells if c.netloc == storage)}"
            assert visit.context.request.get(bare).status == 403
            assert visit.faults == []
            visit.context.close()
