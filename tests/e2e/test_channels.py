"""A channel, from its handle to the feed of whoever follows it."""

from pathlib import Path

from playwright.sync_api import Browser, FilePayload
from tests.e2e.installation import PASSWORD, Installation, until
from tests.e2e.visiting import Visit

EMAIL = "cora@example.org"


def test_a_channel_is_set_up_found_and_followed(
    browser: Browser, visit: Visit, installation: Installation, film: Path
) -> None:
    """By whoever comes from a video, on a phone: signed in on the way, and back again; the film is in his feed."""
    video_id = installation.upload(film, title="Low tide", visibility="public")
    _set_up(visit)
    installation.until_encoded(video_id)
    channel_id = installation.video(video_id)["owner"]["id"]

    reader = Visit(browser, installation, viewport={"width": 390, "height": 800})
    page, api = reader.page, reader.context.request
    page.goto(f"/watch/{video_id}")
    page.get_by_role("button", name="Subscribe", exact=True).click()
    page.wait_for_url(f"**/?sign-in&next=%2Fwatch%2F{video_id}")
    assert api.post("/api/v1/auth/register", data={"email": EMAIL, "password": PASSWORD, "name": "Cora"}).ok
    page.get_by_role("dialog").get_by_label("Email").fill(EMAIL)
    page.get_by_role("dialog").get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("dialog").get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"**/watch/{video_id}")
    page.locator(".watch-owner").get_by_role("link", name="Ada").click()
    page.wait_for_url("**/@ada")
    page.get_by_text("Films of the sea.").wait_for()
    page.get_by_role("link", name="Low tide").wait_for()
    page.get_by_text("0 subscribers").wait_for()
    page.get_by_role("link", name="Search this channel").click()
    page.wait_for_url(f"**/search?owner={channel_id}")
    page.get_by_role("link", name="Low tide").first.wait_for()
    page.go_back()
    page.get_by_role("button", name="Subscribe", exact=True).press("Enter")
    page.get_by_role("button", name="Subscribed").wait_for()
    page.get_by_text("1 subscriber").wait_for()
    page.goto(f"/channel/{channel_id}")
    page.wait_for_url("**/@ada")
    page.get_by_role("button", name="Subscribed").wait_for()
    page.get_by_role("link", name="Subscriptions").click()
    page.get_by_role("link", name="Low tide").wait_for()
    page.get_by_text("Channels", exact=True).click()
    assert page.get_by_role("button", name="Mark all as seen").is_hidden()  # the page of the channel was looked at
    later = installation.upload(film, title="High tide", visibility="public")
    until(lambda: installation.video(later)["status"] == "READY")
    page.reload()
    page.get_by_text("Channels", exact=True).click()
    page.get_by_text("1 new").wait_for()
    page.get_by_role("button", name="Mark all as seen").click()
    page.get_by_role("button", name="Mark all as seen").wait_for(state="hidden")
    assert page.get_by_text("1 new").count() == 0
    page.get_by_role("button", name="Unsubscribe: Ada").press("Enter")
    page.get_by_role("button", name="Subscribe: Ada").wait_for()
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert reader.faults == []
    reader.context.close()


def _set_up(visit: Visit) -> None:
    """On the home page; what a handle may not be is said at its field."""
    visit.sign_in()
    page = visit.page
    page.goto("/")
    page.locator(".channel-panel summary").click()
    handle = page.get_by_label("Handle")
    handle.fill("@Admin")
    handle.press("Enter")
    page.locator("#channel-handle-error", has_text="Nobody can have this handle").wait_for()
    visit.faults.clear()  # the browser tells of the answer
    handle.fill("a da")
    handle.press("Enter")
    page.locator("#channel-handle-error", has_text="This cannot be a handle").wait_for()
    handle.fill("@Ada")
    page.locator("#channel-description").fill("Films of the sea.")
    page.get_by_role("button", name="Add a link").click()
    page.get_by_label("Where the link leads").fill("https://ada.example.org/")
    page.locator(".channel-panel").get_by_role("button", name="Save").click()
    page.get_by_text("Saved.").wait_for()
    picture = FilePayload(name="sea.png", mimeType="image/png", buffer=page.screenshot())
    page.get_by_label("Choose the picture").set_input_files(picture)
    page.locator(".picture-choice img[src*='pictures/avatar?v=']").wait_for()
    assert visit.faults == []
