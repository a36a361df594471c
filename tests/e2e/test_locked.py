"""A video that asks for a password, and one that a signed link opens."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.e2e.frame_film import make_frame_film
from tests.e2e.installation import Installation, until
from tests.e2e.visiting import Visit, wait_for

PASSWORD = "winter garden"


@pytest.fixture(scope="module")
def film_id(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The id of a private film."""
    film: Path = make_frame_film(tmp_path_factory.mktemp("locked") / "locked.mp4", seconds=6)
    video_id = installation.upload(film, visibility="private")
    installation.until_encoded(video_id)
    return video_id


def watched_by_token(visit: Visit, film_id: str, address: str) -> None:
    """It plays, and every byte of it comes by the token."""
    wait_for(visit.page, "() => window.matinee.video?.currentTime > 0.5")
    read = [url for url in visit.asked if f"/playback/{film_id}/" in url]
    assert read, address
    assert all("/t/" in url for url in read), address


class TestPassword:
    def test_is_asked_for_where_the_film_would_play_and_opens_it(
        self, browser: Browser, installation: Installation, film_id: str
    ) -> None:
        """On a phone, to somebody without an account; another one is refused."""
        path = f"/api/v1/videos/{film_id}/password"
        set_ = installation.client.put(path, json={"password": PASSWORD}, headers=installation.headers)
        assert set_.status_code == 204
        for engine in ("hls", "dash"):
            visit = Visit(browser, installation, viewport={"width": 390, "height": 800})
            page = visit.page
            page.goto(f"/watch/{film_id}?muted&autoplay&engine={engine}")
            page.locator(".lock-form input").fill("summer garden")
            page.get_by_role("button", name="Watch").click()
            wait_for(page, "() => document.querySelector('.form-error')?.textContent.includes('not the video')")
            assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
            page.locator(".lock-form input").fill(PASSWORD)
            page.get_by_role("button", name="Watch").click()
            watched_by_token(visit, film_id, engine)
            visit.context.close()


class TestSignedLink:
    def test_plays_until_it_expires(self, browser: Browser, installation: Installation, film_id: str) -> None:
        """Without it there is nothing to see."""
        client, headers = installation.client, installation.headers
        client.patch(f"/api/v1/videos/{film_id}", json={"visibility": "signed"}, headers=headers).raise_for_status()
        made = client.post(
            f"/api/v1/videos/{film_id}/playback-tokens", json={"holder": "anyone"}, headers=headers
        ).json()
        visit = Visit(browser, installation)
        visit.page.goto(f"/embed/{film_id}?muted&autoplay")
        wait_for(visit.page, "() => window.matinee.page === 'not-found'")
        visit.page.goto(f"/embed/{film_id}?muted&autoplay&token={made['token']}")
        watched_by_token(visit, film_id, "embed")
        visit.page.goto(f"/embed/{film_id}?token=e30.e30.x")
        wait_for(visit.page, "() => document.body.textContent.includes('This link does not open the video')")
        visit.context.close()

    def test_plays_on_the_sites_that_it_is_for(
        self, browser: Browser, installation: Installation, film_id: str
    ) -> None:
        """In a frame there, and in none elsewhere."""
        client, headers = installation.client, installation.headers
        client.patch(f"/api/v1/videos/{film_id}", json={"visibility": "signed"}, headers=headers).raise_for_status()
        wanted = {"holder": "anyone", "referrers": ["127.0.0.1"]}
        made = client.post(f"/api/v1/videos/{film_id}/playback-tokens", json=wanted, headers=headers).json()
        address = f"{installation.url}/embed/{film_id}?muted&autoplay&token={made['token']}"
        visit = Visit(browser, installation)
        with site(f'<!doctype html><iframe src="{address}" allow="autoplay"></iframe>') as port:
            for host, condition in (
                ("127.0.0.1", "() => window.matinee?.video?.currentTime > 0.5"),
                ("127.0.0.2", "() => window.matinee?.page === 'not-found'"),
            ):
                visit.page.goto(f"http://{host}:{port}/")
                [frame] = visit.page.main_frame.child_frames
                until(lambda frame=frame, condition=condition: bool(frame.evaluate(condition)))
        visit.context.close()


@contextmanager
def site(html: str) -> Iterator[int]:
    """Another site, of one page, at every address of this machine's own; its port."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("0.0.0.0", 0), Page) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            serving.join()
