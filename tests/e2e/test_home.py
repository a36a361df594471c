"""The home page of somebody who is signed in."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser
from tests.e2e.installation import PASSWORD, Installation, until
from tests.e2e.visiting import Visit, wait_for
from tests.forks import matinee

EMAIL = "quinn@example.org"
NEW = {"title": "Sea", "filename": "sea.mp4", "filesize": 1_500_000_000, "filetype": "video/mp4"}


@pytest.fixture
def film_address(film: Path) -> Iterator[str]:
    """Where the film lies on another server."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(film.parent))
    with ThreadingHTTPServer(("127.0.0.2", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.2:{server.server_port}/{film.name}"
        server.shutdown()
        thread.join()


class TestImport:
    def test_a_film_is_fetched_from_its_address(
        self, browser: Browser, installation: Installation, film_address: str
    ) -> None:
        """On a phone: the field, the form, and the page where it plays as soon as it is here."""
        visit = Visit(browser, installation, viewport={"width": 390, "height": 800})
        page = visit.page
        visit.sign_in()
        page.goto("/")
        page.get_by_label("or fetch it from an address").fill(film_address)
        page.get_by_role("button", name="Fetch").click()
        assert page.locator("#upload-title").input_value() == "film"
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        page.get_by_role("button", name="Fetch").click()
        page.wait_for_url("**/watch/*")
        wait_for(page, "() => window.matinee?.page === 'player'")
        assert visit.faults == []
        visit.context.close()


class TestApiKeys:
    def test_a_key_is_made_used_and_revoked(self, browser: Browser, installation: Installation) -> None:
        """Its secret is shown once; what became of it stands in the list. On a phone it fits."""
        visit = Visit(browser, installation, viewport={"width": 390, "height": 800})
        page, api = visit.page, visit.context.request
        visit.sign_in()
        page.reload()
        page.locator(".key-panel summary").click()
        page.locator("#key-name").fill("Night import")
        page.locator("#key-proof").fill(PASSWORD)
        page.locator(".key-form button[type=submit]").click()
        wait_for(page, "() => document.querySelector('.key-secret input')")
        headers = {"Authorization": f"Bearer {page.locator('.key-secret input').input_value()}"}
        assert api.get("/api/v1/videos/mine", headers=headers).ok
        page.reload()
        page.locator(".key-panel summary").click()
        wait_for(
            page, "() => document.querySelector('.key-panel .entry')?.textContent.includes('Last used just now')"
        )
        assert page.locator(".key-secret").count() == 0
        key = page.locator(".key-panel .entry").first
        assert "Night import" in key.inner_text()
        for _ in range(2):
            key.locator("button").click()
        wait_for(
            page,
            "() => document.querySelector('.key-panel .entry[data-ended]')?.textContent.includes('revoked just now')",
        )
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        until(lambda: api.get("/api/v1/videos/mine", headers=headers).status == 401)
        assert visit.faults == []
        visit.context.close()


class TestQuota:
    def test_what_is_used_of_it_stands_beside_the_videos(self, browser: Browser, installation: Installation) -> None:
        """From the announcement of an upload on; without a quota nothing does. On a phone it fits."""
        visit = Visit(browser, installation, viewport={"width": 390, "height": 800})
        page, api = visit.page, visit.context.request
        page.goto("/")
        account = {"email": EMAIL, "password": PASSWORD}
        assert api.post("/api/v1/auth/register", data={**account, "name": "Eve"}).ok
        tokens = api.post("/api/v1/auth/login", data=account).json()
        page.evaluate("localStorage.setItem('matinee.signed-in', '1')")
        page.reload()
        wait_for(page, "() => document.querySelector('.empty')?.textContent.startsWith('Nothing here yet')")
        assert page.locator(".usage").is_hidden()
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert api.post("/api/v1/videos/init", data=NEW, headers=headers).ok
        quota = ("user", "quota", EMAIL, "--bytes", "2000000000", "--minutes", "90")
        assert matinee(*quota, env=installation.environment()).returncode == 0
        page.reload()
        wait_for(page, "() => document.querySelectorAll('.usage-part').length === 2")
        assert page.locator(".usage-part span").all_inner_texts() == ["1.5 GB of 2.0 GB", "0 of 90 min"]
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        assert visit.faults == []
        visit.context.close()


class TestDuplicate:
    def test_a_file_that_is_there_is_told_before_it_is_sent(
        self, browser: Browser, installation: Installation, film: Path
    ) -> None:
        """With a way to the video that has it, and one to a second video that has it too. On a phone it fits."""
        present = installation.upload(film)
        with psycopg.connect(installation.postgres.endpoint.dsn, autocommit=True) as db:
            until(
                lambda: db.execute("SELECT 1 FROM file_hashes WHERE video_id = %s", (present,)).fetchone() is not None
            )
        visit = Visit(browser, installation, viewport={"width": 390, "height": 800})
        visit.sign_in()
        page = visit.page
        page.reload()
        page.set_input_files("#upload-file", film)
        page.get_by_role("button", name="Upload", exact=True).click()
        wait_for(page, "() => document.querySelector('.upload-panel .form-error a') !== null")
        assert "among your videos already" in page.locator(".upload-panel .form-error").inner_text()
        known = page.locator(".upload-panel .form-error a").get_attribute("href")
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        page.get_by_role("button", name="Upload", exact=True).click()
        page.wait_for_url("**/watch/*")
        assert page.url.split("?")[0] != f"{installation.url}{known}"
        assert "127.0.0.1" not in visit.hosts, "something was sent to the storage"
        visit.context.close()
