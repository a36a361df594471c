"""What people say about a film, on its page."""

from pathlib import Path

import httpx
from tests.e2e.installation import Installation
from tests.e2e.visiting import Visit


class TestComments:
    def test_are_written_answered_and_deleted_by_the_keyboard(
        self, visit: Visit, installation: Installation, film: Path
    ) -> None:
        """Markup is text; of a deleted one with an answer the place stays. On the home page they are found again."""
        video_id = installation.upload(film, visibility="public")
        installation.until_encoded(video_id)
        visit.sign_in()
        page = visit.page
        page.goto(f"/watch/{video_id}")
        page.get_by_label("Say something about it").fill("Filmed <b>in</b> one take.")
        page.keyboard.press("Control+Enter")
        page.get_by_text("Filmed <b>in</b> one take.").wait_for()
        page.get_by_role("button", name="Reply", exact=True).press("Enter")
        page.keyboard.type("Without a tripod.")
        page.keyboard.press("Control+Enter")
        page.get_by_text("Without a tripod.").wait_for()
        page.get_by_role("heading", name="Comments · 2").wait_for()
        assert page.evaluate("() => document.activeElement.textContent") == "Reply"
        comments = f"{installation.url}/api/v1/videos/{video_id}/comments"
        [said] = httpx.get(comments).json()["items"]
        assert (said["text"], said["replies"]) == ("Filmed <b>in</b> one take.", 1)
        page.get_by_role("button", name="Delete", exact=True).first.press("Enter")
        page.get_by_role("button", name="Really delete?").press("Enter")
        page.get_by_text("This comment was deleted.").wait_for()

        page.goto("/")
        panel = page.locator(".comments-panel")
        panel.locator("summary").click()
        panel.get_by_role("button", name="Delete “Without a tripod.”").press("Enter")
        panel.get_by_role("button", name="Really delete?").press("Enter")
        panel.get_by_role("listitem").filter(has_text="Without a tripod.").wait_for(state="detached")
        assert httpx.get(comments).json()["items"] == []
        assert visit.faults == []
