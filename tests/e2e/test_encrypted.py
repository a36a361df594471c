"""Encrypted videos in Chromium, by players as they are published and by our own page."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route
from tests.e2e.frame_film import BITS, RATE, frame_number, make_frame_film
from tests.e2e.installation import Installation, until
from tests.e2e.test_players import EMPTY_PAGE, SCRIPTS
from tests.e2e.visiting import Visit, seek, wait_for

from matinee.media.binaries import find_binaries

SECONDS = 12
HAS_A_PICTURE = "matinee.video.readyState >= 2"
TO_GREY = ["-i", "-", "-vf", f"scale={BITS}:1:flags=area,format=gray", "-f", "rawvideo", "-"]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Numbered frames with a tone."""
    return make_frame_film(tmp_path_factory.mktemp("encrypted") / "film.mp4", seconds=SECONDS)


@pytest.fixture(scope="module")
def videos(installation: Installation, film: Path) -> dict[str, str]:
    """The film, private and encrypted in each way; ids by it."""
    ids = {way: installation.upload(film, encryption=way) for way in ("aes-128", "cenc", "cbcs")}
    until(lambda: all(installation.video(video_id)["status"] == "READY" for video_id in ids.values()))
    return ids


@pytest.fixture
def page(browser: Browser, installation: Installation) -> Iterator[Page]:
    """An empty page of the installation's own origin; the pages' own policy does not hold in it."""
    context = browser.new_context(base_url=installation.url, bypass_csp=True)
    page = context.new_page()
    page.goto("/api/v1/health/live")
    page.set_content(EMPTY_PAGE)
    yield page
    context.close()


def let_in(page: Page, installation: Installation, *, to_keys: bool = True) -> None:
    """What the page asks for, the owner asks for; without `to_keys`, for keys a stranger asks."""

    def carry(route: Route) -> None:
        is_key = "/keys/" in route.request.url or route.request.url.endswith("/licence")
        owner = {} if is_key and not to_keys else installation.headers
        route.continue_(headers={**route.request.headers, **owner})

    page.route("**/playback/**", carry)


def begin(page: Page, player: str, video_id: str) -> None:
    page.add_script_tag(path=SCRIPTS[player])
    page.add_script_tag(path=Path(__file__).with_name("players.js"))
    open_it = "([player, folder]) => void matinee.open(player, folder).catch((e) => matinee.faults.push(String(e)))"
    page.evaluate(open_it, [player, f"/playback/{video_id}"])


def frame_on_screen(page: Page) -> int:
    """As a screenshot shows it: what a browser has decrypted, it does not let pages read."""
    picture = page.locator("video").first.screenshot()
    command = [find_binaries().ffmpeg, "-loglevel", "error", *TO_GREY]
    return frame_number(list(subprocess.run(command, input=picture, check=True, capture_output=True).stdout))


class TestPlayers:
    @pytest.mark.parametrize(
        ("way", "player"),
        [
            ("aes-128", "hls.js"),
            ("cenc", "shaka-player"),
            ("cbcs", "shaka-player"),
            ("cbcs", "hls.js"),
            ("cenc", "dash.js"),
        ],
    )
    def test_whoever_gets_the_keys_watches(
        self, page: Page, installation: Installation, videos: dict[str, str], way: str, player: str
    ) -> None:
        """He seeks, sees what the film shows there, and comes to the end."""
        let_in(page, installation)
        begin(page, player, videos[way])
        wait_for(page, "() => matinee.video.currentTime > 0.5 || matinee.faults.length > 0")
        now = seek(page, SECONDS / 2 + 0.02)
        assert abs(frame_on_screen(page) - int(now * RATE)) <= 1
        seek(page, SECONDS - 1)
        page.evaluate("() => void matinee.video.play()")
        wait_for(page, "() => matinee.video.ended")
        assert page.evaluate("matinee.faults") == []

    @pytest.mark.parametrize(
        ("way", "player"), [("aes-128", "hls.js"), ("cenc", "shaka-player"), ("cbcs", "shaka-player")]
    )
    def test_whoever_gets_all_but_the_keys_sees_nothing(
        self, page: Page, installation: Installation, videos: dict[str, str], way: str, player: str
    ) -> None:
        """The player is refused the key, and says so."""
        let_in(page, installation, to_keys=False)
        begin(page, player, videos[way])
        wait_for(page, "() => matinee.faults.length > 0")
        assert not page.evaluate(HAS_A_PICTURE)


class TestFiles:
    def test_there_are_none_but_the_original_for_its_owner(
        self, installation: Installation, videos: dict[str, str]
    ) -> None:
        """Files are clear; when the video is no longer encrypted, they may be offered."""
        client, headers, video_id = installation.client, installation.headers, videos["cenc"]
        base = f"/api/v1/videos/{video_id}"
        offer = client.put(f"{base}/downloads/audio", headers=headers)
        assert (offer.status_code, offer.json()["code"]) == (409, "video_encrypted")
        assert client.get(f"{base}/downloads", headers=headers).json() == {"items": [], "possible": []}
        assert client.get(f"/playback/{video_id}/downloads/original", headers=headers).status_code == 200
        client.patch(base, json={"encryption": "none"}, headers=headers).raise_for_status()
        client.put(f"{base}/downloads/original", headers=headers).raise_for_status()
        video = client.patch(base, json={"encryption": "cenc"}, headers=headers).raise_for_status().json()
        assert video["encryption"] == "cenc"
        assert client.get(f"{base}/downloads", headers=headers).json()["items"] == []


class TestOurPage:
    @pytest.mark.parametrize("way", ["aes-128", "cenc", "cbcs"])
    def test_it_plays_them(self, visit: Visit, videos: dict[str, str], way: str) -> None:
        """The watch page, for the owner of a private video."""
        visit.sign_in()
        page = visit.play(f"/watch/{videos[way]}")
        now = seek(page, SECONDS / 2 + 0.02)
        assert abs(frame_on_screen(page) - int(now * RATE)) <= 1
        assert visit.faults == []
