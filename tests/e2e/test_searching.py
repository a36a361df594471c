"""Finding a film from the home page."""

from pathlib import Path

from playwright.sync_api import Browser
from tests.e2e.installation import Installation, until
from tests.e2e.visiting import Visit


def test_a_film_is_found_by_its_words(browser: Browser, installation: Installation, film: Path) -> None:
    """A worker has folded them in meanwhile; a slip is corrected, and words are offered while one types."""
    video_id = installation.upload(film, title="The lighthouse keeper", visibility="public")
    installation.until_encoded(video_id)
    until(lambda: bool(installation.client.get("/api/v1/search", params={"q": "lighthouse"}).json()["items"]))
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
    page.wait_for_url(f"**/watch/{video_id}")
    assert visit.faults == []
    visit.context.close()
