"""Takes the README's picture: a real film on the real watch page. `.venv/bin/python scripts/screenshot.py`"""

import shutil
import subprocess
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright
from tests.e2e.installation import Installation, until

from matinee.media.binaries import find_binaries

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "watch.jpg"
_FILM = "mandelbrot=size=1280x720:rate=25:start_scale=0.6:end_scale=0.002:end_pts=300"


def main() -> None:
    """Writes the picture."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as folder, Installation(Path(folder)) as installation:
        installation.start("serve", "worker")
        installation.sign_up()
        film = _make_film(Path(folder) / "film.mp4")
        description = (
            "Twelve seconds towards the edge of the set, uploaded by the public API and encoded as a grid of cells."
        )
        video_id = installation.upload(
            film, visibility="public", title="A flight into the Mandelbrot set", description=description
        )
        installation.until_encoded(video_id)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
            )
            page = browser.new_page(viewport={"width": 1280, "height": 880}, color_scheme="dark")
            page.goto(f"{installation.url}/watch/{video_id}?muted&autoplay&t=5")
            until(lambda: bool(page.evaluate("() => window.matinee?.video?.currentTime > 6")))
            page.mouse.move(640, 400)
            PICTURE.parent.mkdir(exist_ok=True)
            page.screenshot(path=PICTURE, type="jpeg", quality=82)
            browser.close()


def _make_film(file: Path) -> Path:
    command = [
        find_binaries().ffmpeg,
        "-loglevel",
        "error",
        "-f",
        "lavfi",
        "-i",
        _FILM,
        "-f",
        "lavfi",
        "-i",
        "sine=220",
    ]
    command += ["-t", "12", "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", str(file)]
    subprocess.run(command, check=True)  # noqa: S603  # our own arguments
    return file


if __name__ == "__main__":
    main()
