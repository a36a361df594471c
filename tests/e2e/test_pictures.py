"""Pictures in a real browser: the tile over the time line is the right one, placeholders and previews are shown."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from tests.e2e.frame_film import BITS, RATE, frame_number, make_frame_film
from tests.e2e.installation import PASSWORD, Installation, until
from tests.e2e.visiting import Visit, wait_for

SECONDS = 24
STARTS = (0, 1, 5, 9, 13, 17, 21)  # seconds at which the cells begin; each has a tile
# Reads the tile's columns from the sheet, as it is cut out for the viewer; null while there is none.
_READ_TILE = """
async (bits) => {
  const tile = document.querySelector(".timeline-tile");
  if (!tile || tile.hidden || getComputedStyle(tile).opacity === "0") return null;
  const style = getComputedStyle(tile);
  const [left, top] = style.backgroundPosition.split(" ").map((text) => -parseFloat(text));
  const image = new Image();
  image.src = style.backgroundImage.slice(5, -2);
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = bits; canvas.height = 1;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const width = tile.clientWidth / bits;
  for (let bit = 0; bit < bits; bit++)
    context.drawImage(image, left + (bit + 0.4) * width, top + tile.clientHeight / 2, width * 0.2, 2, bit, 0, 1, 1);
  const pixels = context.getImageData(0, 0, bits, 1).data;
  return Array.from({ length: bits }, (_, bit) => pixels[bit * 4]);
}
"""


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film whose pictures tell their frame number."""
    return make_frame_film(tmp_path_factory.mktemp("frames") / "frames.mp4", seconds=SECONDS)


@pytest.fixture(scope="module")
def film_id(installation: Installation, frames: Path) -> str:
    """The id of that film, public, with all its pictures."""
    return with_pictures(installation, frames, "public")


@pytest.fixture
def visit(browser: Browser, installation: Installation) -> Iterator[Visit]:
    """A fresh visitor on a desktop."""
    visit = Visit(browser, installation, viewport={"width": 1280, "height": 800})
    yield visit
    visit.context.close()


def with_pictures(installation: Installation, film: Path, visibility: str) -> str:
    video_id = installation.upload(film, visibility=visibility)
    installation.until_encoded(video_id)

    def made() -> bool:
        video = installation.client.get(f"/api/v1/videos/{video_id}", headers=installation.headers).json()
        return all(video["playback"][name] for name in ("poster", "placeholder", "storyboard", "preview"))

    until(made)
    return video_id


def point_at(page: Page, seconds: float, *, drag: bool = False) -> None:
    """Moves the mouse to a time on the time line."""
    box = page.locator(".timeline").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] * seconds / SECONDS, box["y"] + box["height"] / 2
    page.mouse.move(x - 2, y)
    if drag:
        page.mouse.down()
    page.mouse.move(x, y)


def tile_frame(page: Page) -> int | None:
    """The frame number that the tile shows."""
    columns = page.evaluate(_READ_TILE, BITS)
    return None if columns is None else frame_number(columns)


class TestTimeLine:
    def test_hovering_shows_the_right_picture_and_its_time(self, visit: Visit, film_id: str) -> None:
        """In every cell of the film, from this host alone and without an error in the console."""
        page = visit.play(f"/watch/{film_id}")
        for seconds in (0.5, 1.5, 6, 10, 14, 18, 22.5, 2.5):
            point_at(page, seconds)
            expected = max(start for start in STARTS if start <= seconds) * RATE
            until(lambda expected=expected: tile_frame(page) == expected)
            assert page.locator(".timeline-tip").inner_text().startswith(f"0:{int(seconds):02}")
        assert visit.faults == []
        assert visit.hosts <= {"localhost", "127.0.0.1", ""}

    def test_dragging_shows_it_too(self, visit: Visit, film_id: str) -> None:
        """While the button is held."""
        page = visit.play(f"/watch/{film_id}")
        point_at(page, 5, drag=True)
        point_at(page, 18)
        until(lambda: tile_frame(page) == 17 * RATE)
        page.mouse.up()

    def test_a_private_film_shows_its_owner_its_pictures(
        self, visit: Visit, installation: Installation, frames: Path
    ) -> None:
        """Sheets and poster are fetched with the token."""
        video_id = with_pictures(installation, frames, "private")
        visit.context.request.post("/api/v1/auth/login", data={"email": "ada@example.org", "password": PASSWORD})
        visit.page.goto("/")
        visit.page.evaluate("localStorage.setItem('matinee.signed-in', '1')")
        page = visit.play(f"/watch/{video_id}")
        point_at(page, 10)
        until(lambda: tile_frame(page) == 9 * RATE)


class TestPlaceholder:
    def test_it_is_painted_until_the_film_is_there(self, visit: Visit, film_id: str) -> None:
        """Neither poster nor film arrive: the colours are there all the same."""
        for path in ("**/poster.jpg*", "**/*.m4s"):
            visit.page.route(path, lambda route: None)
        # not until "load": a poster that never comes may hold that up for ever
        visit.page.goto(f"/watch/{film_id}", wait_until="domcontentloaded")
        wait_for(visit.page, "() => document.querySelector('.player video') !== null")
        background = "getComputedStyle(document.querySelector('.player video')).backgroundImage"
        wait_for(visit.page, f"() => {background}.startsWith('url(\"data:image/png')")


class TestPreview:
    def test_a_card_plays_while_the_pointer_rests_on_it(self, visit: Visit, film_id: str) -> None:
        """And stops when it leaves."""
        visit.page.goto("/")
        card = f".latest [data-video='{film_id}'], [data-video='{film_id}']"
        visit.page.locator(card).first.locator(".card-preview").hover()
        wait_for(visit.page, "() => document.querySelector('.card-motion')?.naturalWidth > 0")
        visit.page.mouse.move(1, 1)
        wait_for(visit.page, "() => document.querySelector('.card-motion') === null")
        assert visit.faults == []
