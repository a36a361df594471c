"""A playlist, from the page of a video to the end of its last one."""

from pathlib import Path

from tests.e2e.installation import Installation
from tests.e2e.visiting import Visit, wait_for


class TestPlaylists:
    def test_are_filled_arranged_watched_and_deleted(
        self, visit: Visit, installation: Installation, film: Path
    ) -> None:
        """By dialog, by keys and by drag; one video follows the other by itself."""
        first, second = (installation.upload(film, title=title, visibility="public") for title in ("Sea", "Hills"))
        for video in (first, second):
            installation.until_encoded(video)
        visit.sign_in()
        page = visit.page
        page.goto(f"/watch/{first}")
        page.get_by_role("button", name="Save", exact=True).press("Enter")
        page.get_by_label("A new playlist").fill("Evening")
        page.keyboard.press("Enter")
        page.get_by_label("Evening").and_(page.locator(":checked")).wait_for()
        page.goto(f"/watch/{second}")
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_label("Evening").press("Space")
        page.get_by_label("Evening").and_(page.locator(":checked:enabled")).wait_for()

        page.goto("/")
        page.get_by_text("Playlists", exact=True).click()
        page.locator("summary", has_text="Evening").click()
        page.get_by_role("button", name="Move up: Hills").press("Enter")
        page.get_by_text("Moved to place 1.").wait_for(state="attached")
        rows = page.locator(".arranged-item")
        assert rows.locator("a").all_inner_texts() == ["Hills", "Sea"]
        rows.first.drag_to(rows.last, target_position={"x": 40, "y": 35})
        page.get_by_text("Moved to place 2.").wait_for(state="attached")
        page.get_by_label("Title", exact=True).last.fill("By the sea")
        page.get_by_label("Who can see it").last.select_option("unlisted")
        page.get_by_role("button", name="Save", exact=True).last.click()
        page.locator("summary", has_text="2 videos · unlisted").wait_for()
        rows.locator("a").first.click()

        page.get_by_text("Ada · 1 of 2").wait_for()
        assert page.locator("[aria-current=true]").inner_text() == "Sea"
        wait_for(page, "() => window.matinee?.page === 'player'")
        page.evaluate("() => { window.matinee.video.muted = true; return window.matinee.play(); }")
        page.evaluate("() => window.matinee.seek(11.5)")
        page.wait_for_url(f"**/watch/{second}?list=*")
        page.get_by_text("Ada · 2 of 2").wait_for()
        page.get_by_role("link", name="Previous video").press("Enter")
        page.wait_for_url(f"**/watch/{first}?list=*")

        page.goto("/")
        page.get_by_text("Playlists", exact=True).click()
        page.locator("summary", has_text="By the sea").click()
        page.get_by_role("button", name="Remove: Hills").click()
        page.get_by_role("link", name="Hills").locator("visible=true").and_(rows.locator("a")).wait_for(
            state="detached"
        )
        page.get_by_role("button", name="Delete By the sea").click()
        page.get_by_role("button", name="Really delete?").click()
        page.locator("summary", has_text="By the sea").wait_for(state="detached")
        assert visit.faults == []
