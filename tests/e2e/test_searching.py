"""Finding a film from wherever one is."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from tests.e2e.installation import Installation, until
from tests.e2e.visiting import Visit, wait_for

_CAPTIONS = b"WEBVTT\n\n00:08.500 --> 00:11.000\nWe built the harbour in a year.\n"


@pytest.fixture(scope="module")
def lighthouse(installation: Installation, film: Path) -> str:
    """A film in which something is said, with tags; the index knows it."""
    video_id = installation.upload(film, title="The lighthouse keeper", visibility="public", tags=["Slow film"])
    installation.client.post(
        f"/api/v1/videos/{video_id}/captions",
        params={"language": "en"},
        content=_CAPTIONS,
        headers={**installation.headers, "Content-Type": "text/vtt"},
    ).raise_for_status()
    installation.until_encoded(video_id)
    until(lambda: bool(installation.client.get("/api/v1/search", params={"q": "lighthouse harbour"}).json()["items"]))
    return video_id


def test_a_film_is_found_by_its_words(browser: Browser, installation: Installation, lighthouse: str) -> None:
    """A slip is corrected, and words are offered while one types; on a phone."""
    visit = Visit(browser, installation, viewport={"width": 390, "height": 800})
    page = visit.page
    page.goto("/")
    field = page.get_by_role("combobox", name="Search videos")
    field.press_sequentially("lightho")
    page.locator("datalist option[value=lighthouse]").wait_for(state="attached")
    field.fill("lihgthouse")
    field.press("Enter")
    page.wait_for_url("**/search?q=lihgthouse")
    page.get_by_text("Shown: lighthouse").wait_for()
    page.get_by_role("link", name="The lighthouse keeper").click()
    page.wait_for_url(f"**/watch/{lighthouse}")
    assert visit.faults == []
    visit.context.close()


def test_what_is_said_plays_from_its_moment(visit: Visit, lighthouse: str) -> None:
    """From the header of any page, by a tag and by filters, which stand in the address."""
    page = visit.page
    page.goto(f"/watch/{lighthouse}")
    page.get_by_role("link", name="Slow film").click()
    page.wait_for_url("**/search?tag=Slow+film")
    expect(page.get_by_role("link", name="The lighthouse keeper")).to_be_visible()
    page.get_by_role("combobox", name="Search videos").fill("harbour")
    page.get_by_role("combobox", name="Search videos").press("Enter")
    page.wait_for_url("**/search?q=harbour&tag=Slow+film")
    page.get_by_label("Subtitles").select_option("fr")
    expect(page.get_by_text("Nothing was found.")).to_be_visible()
    page.get_by_label("Subtitles").select_option("en")
    page.go_back()
    expect(page.get_by_label("Subtitles")).to_have_value("fr")
    page.go_forward()
    page.get_by_role("link", name="0:08 We built the harbour in a year.").press("Enter")
    page.wait_for_url(f"**/watch/{lighthouse}?t=8&autoplay")
    wait_for(page, "() => window.matinee?.page === 'player' && window.matinee.video.currentTime >= 8")
    assert visit.faults == []
