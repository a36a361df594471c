"""A channel, from its handle to the feed of whoever follows it."""

from pathlib import Path

from playwright.sync_api import Browser
from tests.e2e.installation import PASSWORD, Installation
from tests.e2e.visiting import Visit

EMAIL = "cora@example.org"


def test_a_channel_is_found_by_its_handle_and_followed(
    browser: Browser, installation: Installation, film: Path
) -> None:
    """By whoever comes from a video, on a phone: signed in on the way, and back again."""
    video_id = installation.upload(film, title="Low tide", visibility="public")
    installation.until_encoded(video_id)
    channel_id = installation.video(video_id)["owner"]["id"]
    change = {"handle": "ada", "description": "Films of the sea.", "links": [{"url": "https://ada.example.org/"}]}
    channel = f"/api/v1/channels/{channel_id}"
    installation.client.patch(channel, json=change, headers=installation.headers).raise_for_status()

    visit = Visit(browser, installation, viewport={"width": 390, "height": 800})
    page, api = visit.page, visit.context.request
    page.goto(f"/watch/{video_id}")
    page.get_by_role("button", name="Subscribe", exact=True).click()
    page.wait_for_url(f"**/?sign-in&next=%2Fwatch%2F{video_id}")
    assert api.post("/api/v1/auth/register", data={"email": EMAIL, "password": PASSWORD, "name": "Cora"}).ok
    page.get_by_role("dialog").get_by_label("Email").fill(EMAIL)
    page.get_by_role("dialog").get_by_label("Password").fill(PASSWORD)
    page.get_by_role("dialog").get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"**/watch/{video_id}")
    page.locator(".watch-owner").get_by_role("link", name="Ada").click()
    page.wait_for_url("**/@ada")
    page.get_by_text("Films of the sea.").wait_for()
    page.get_by_role("link", name="Low tide").wait_for()
    page.get_by_text("0 subscribers").wait_for()
    page.get_by_role("button", name="Subscribe", exact=True).press("Enter")
    page.get_by_role("button", name="Subscribed").wait_for()
    page.get_by_text("1 subscriber").wait_for()
    page.goto(f"/channel/{channel_id}")
    page.wait_for_url("**/@ada")
    page.get_by_role("button", name="Subscribed").wait_for()
    assert visit.faults == []
    visit.context.close()
