"""A visitor of the pages, in a real browser."""

import shutil
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page
from tests.e2e.frame_film import BITS, RATE, frame_number
from tests.e2e.installation import PASSWORD, Installation, until

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--autoplay-policy=no-user-gesture-required",
)
# Reads the picture's columns from the middle of each, as a viewer would see them.
_READ_COLUMNS = """
(bits) => {
  const video = window.matinee.video;
  const canvas = document.createElement("canvas");
  canvas.width = bits; canvas.height = 1;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const width = video.videoWidth / bits;
  for (let bit = 0; bit < bits; bit++)
    context.drawImage(video, (bit + 0.4) * width, video.videoHeight / 2, width * 0.2, 2, bit, 0, 1, 1);
  const pixels = context.getImageData(0, 0, bits, 1).data;
  return Array.from({ length: bits }, (_, bit) => pixels[bit * 4]);
}
"""
# Two animation frames after the seek, what was decoded is on screen. The end of a seek before it, of the player's own
# across a hole of its buffer, may be told meanwhile.
_SEEK = """
(seconds) => new Promise((resolve, reject) => {
  const video = window.matinee.video;
  video.pause();
  const shown = () => requestAnimationFrame(() => requestAnimationFrame(() => resolve(video.currentTime)));
  video.addEventListener("seeked", () => video.seeking || shown());
  setTimeout(() => {
    const { buffered: held, currentTime, readyState, seeking } = video;
    const buffered = [...Array(held.length).keys()].map((i) => [held.start(i), held.end(i)]);
    const state = { fault: window.matinee.fault, currentTime, readyState, seeking, buffered };
    reject(new Error(`no seek to ${seconds}: ${JSON.stringify(state)}`));
  }, 30000);
  window.matinee.seek(seconds);
})
"""


def find_chromium() -> str | None:
    """The browser's program; None where there is none."""
    return next((path for name in _PROGRAMS if (path := shutil.which(name))), None)


class Visit:
    """A page and everything it asked for."""

    def __init__(self, browser: Browser, installation: Installation, **context: Any) -> None:
        self.context = browser.new_context(base_url=installation.url, **context)
        self.page = self.context.new_page()
        self.hosts: set[str] = set()
        self.asked: list[str] = []
        self.faults: list[str] = []
        self.page.on("request", lambda request: self._ask(request.url))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", lambda message: self._hear(message.type, message.text))

    def _ask(self, url: str) -> None:
        self.asked.append(url)
        self.hosts.add(urlsplit(url).hostname or "")

    def _hear(self, kind: str, text: str) -> None:
        if kind == "error":
            self.faults.append(text)

    def sign_in(self) -> None:
        """As the user of `Installation.sign_up`."""
        self.page.goto("/")
        self.context.request.post("/api/v1/auth/login", data={"email": "ada@example.org", "password": PASSWORD})
        self.page.evaluate("localStorage.setItem('matinee.signed-in', '1')")

    def play(self, path: str) -> Page:
        """Opens a page and lets its film play."""
        self.page.goto(path)
        wait_for(self.page, "() => window.matinee?.page === 'player'")
        self.page.evaluate("() => { window.matinee.video.muted = true; return window.matinee.play(); }")
        wait_for(self.page, "() => window.matinee.video.currentTime > 0.5")
        return self.page


def wait_for(page: Page, condition: str, arg: object = None) -> None:
    """Until a JavaScript function of `arg` gives true. (Playwright's own waiting evaluates strings inside the page,
    which the page's content security policy forbids, as it should.)
    """
    until(lambda: bool(page.evaluate(condition, arg)))


def seek(page: Page, seconds: float) -> float:
    """Seeks, and returns the time on screen."""
    return float(page.evaluate(_SEEK, seconds))


def frame_after_seek(page: Page, seconds: float) -> tuple[int, int]:
    """The frame number on screen after a seek, and the one that belongs there."""
    now = seek(page, seconds)
    return frame_number(page.evaluate(_READ_COLUMNS, BITS)), int(now * RATE)
