"""Teams on the pages: made, joined by a letter, uploaded into, left."""

import re
from email import message_from_bytes, policy
from pathlib import Path

from playwright.sync_api import Browser
from tests.e2e.installation import PASSWORD, Installation, until
from tests.e2e.visiting import Visit, wait_for

GUEST = "grace@example.org"


def link_to_join(mail_folder: Path) -> str:
    """Out of the newest letter of its kind."""
    found: list[str] = []

    def look() -> bool:
        for path in mail_folder.glob("*.eml"):
            body = message_from_bytes(path.read_bytes(), policy=policy.default).get_body(("plain",))
            assert body is not None
            found.extend(re.findall(r"/join#[\w-]+", body.get_content()))
        return bool(found)

    until(look)
    return found[-1]


def test_a_team_is_made_and_joined_and_has_videos(
    browser: Browser, installation: Installation, mail_folder: Path
) -> None:
    """The guest registers on the page that the letter leads to. On a phone all of it fits."""
    visit = Visit(browser, installation, viewport={"width": 1280, "height": 900})
    page = visit.page
    visit.sign_in()
    page.goto("/")
    page.locator(".team-panel > summary").click()
    page.locator("#team-name").fill("Harbour Films")
    page.get_by_role("button", name="Make team").click()
    page.get_by_label("Invite by e-mail").fill(GUEST)
    page.get_by_role("button", name="Invite", exact=True).click()
    wait_for(page, "(guest) => document.querySelector('.team-link')?.textContent.includes(guest)", GUEST)

    guest = Visit(browser, installation, viewport={"width": 390, "height": 800})
    theirs = guest.page
    theirs.goto(link_to_join(mail_folder))
    wait_for(theirs, "() => document.querySelector('h1')?.textContent === 'Harbour Films'")
    assert theirs.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    theirs.get_by_role("button", name="Create an account").click()
    theirs.get_by_label("Name").fill("Grace")
    theirs.get_by_label("Email").fill(GUEST)
    theirs.get_by_label("Password", exact=True).fill(PASSWORD)
    theirs.locator("dialog").get_by_role("button", name="Create account").click()
    theirs.get_by_role("button", name="Accept").click()
    theirs.wait_for_url("**/")
    theirs.locator("#mine-owner").select_option("Harbour Films")
    theirs.locator(".team-panel > summary").click()
    theirs.locator(".team > summary").click()
    wait_for(theirs, "() => document.querySelectorAll('.people li').length === 2")
    assert theirs.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    for _ in range(2):
        theirs.locator(".people button").click()
    wait_for(theirs, "() => document.querySelector('#mine-owner').closest('.field').hidden")

    assert [*visit.faults, *guest.faults] == []
    visit.context.close()
    guest.context.close()
