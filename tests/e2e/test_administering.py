"""The page of administrators."""

from playwright.sync_api import Browser
from tests.e2e.installation import PASSWORD, Installation
from tests.e2e.visiting import Visit
from tests.forks import matinee

ADMIN = "chief@example.org"
EMAIL = "vera@example.org"
WHY = "Uploads of other people's films."


def test_an_account_is_suspended_and_let_in_again(browser: Browser, installation: Installation) -> None:
    """On a phone: found by its name, told why, let in again, and all of it stands in the log; for administrators."""
    visit = Visit(browser, installation, viewport={"width": 390, "height": 800})
    page, api = visit.page, visit.context.request
    credentials = {"email": EMAIL, "password": PASSWORD}
    for email, name in ((ADMIN, "Root"), (EMAIL, "Vera")):
        assert api.post("/api/v1/auth/register", data={"email": email, "password": PASSWORD, "name": name}).ok
    assert matinee("user", "role", ADMIN, "admin", env=installation.environment()).returncode == 0

    page.goto("/administration")
    page.get_by_text("This page is for administrators").wait_for()
    assert api.post("/api/v1/auth/login", data={"email": ADMIN, "password": PASSWORD}).ok
    page.evaluate("localStorage.setItem('matinee.signed-in', '1')")
    page.reload()
    users = page.get_by_role("region", name="Users")
    users.get_by_label("Search").fill("vera")
    users.get_by_label("Role").select_option("USER")
    users.get_by_role("button", name="Find").click()
    users.get_by_text("Ada", exact=True).wait_for(state="detached")
    assert users.get_by_role("listitem").count() == 1
    users.get_by_role("button", name="Sign out everywhere").click()
    users.get_by_role("button", name="Signed out").wait_for()
    users.get_by_role("button", name="Suspend").click()
    users.get_by_label("Reason").fill(WHY)
    users.locator(".reason").get_by_role("button", name="Suspend").click()
    users.get_by_text(f"Suspended just now: {WHY}").wait_for()
    refused = installation.client.post("/api/v1/auth/login", json=credentials)
    assert (refused.status_code, refused.json()["code"]) == (403, "account_suspended")
    users.get_by_role("button", name="Lift suspension").click()
    users.get_by_text("Registered").wait_for()
    assert installation.client.post("/api/v1/auth/login", json=credentials).is_success

    users.get_by_role("button", name="Reset second factor").click()
    users.get_by_label("Your password").fill(PASSWORD)
    users.get_by_role("button", name="Reset", exact=True).click()
    users.get_by_role("button", name="Second factor reset").wait_for()
    for wanted, other in (("administrator", "user"), ("user", "administrator")):
        users.get_by_role("button", name=f"Make {wanted}").click()
        users.get_by_label("Your password").fill(PASSWORD)
        users.get_by_role("button", name="Give role").click()
        users.get_by_role("button", name=f"Make {other}").wait_for()

    invitations = page.get_by_role("region", name="Invitations")
    invitations.get_by_label("E-mail address").fill("guest@example.org")
    invitations.get_by_role("button", name="Invite").click()
    assert "/register#" in invitations.get_by_label("Link").input_value()
    invitations.get_by_role("button", name="Revoke guest@example.org").click()
    invitations.get_by_role("button", name="Really revoke?").click()
    invitations.get_by_text("Nobody is invited").wait_for()

    users.get_by_role("button", name="Log").click()
    log = page.get_by_role("region", name="Audit log")
    log.get_by_label("What").select_option("account.suspended")
    log.get_by_role("button", name="Find").click()
    log.get_by_role("listitem").filter(has_text="suspension lifted").wait_for(state="detached")
    assert WHY in log.get_by_role("listitem").inner_text()
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert visit.faults == []
    visit.context.close()


def test_what_is_reported_is_decided_on(browser: Browser, installation: Installation) -> None:
    """A comment on anybody's video, with why; hidden, it waits for nobody."""
    visit = Visit(browser, installation, viewport={"width": 390, "height": 800})
    page, api = visit.page, visit.context.request
    admin = {"email": "moderator@example.org", "password": PASSWORD}
    assert api.post("/api/v1/auth/register", data={**admin, "name": "Mo"}).ok
    assert matinee("user", "role", admin["email"], "admin", env=installation.environment()).returncode == 0
    film = {"title": "Sea", "filename": "sea.mp4", "filesize": 1, "filetype": "video/mp4", "visibility": "public"}
    made = api.post("/api/v1/videos/init", data=film, headers=installation.headers).json()
    comments = f"/api/v1/videos/{made['video']['id']}/comments"
    said = api.post(comments, data={"text": "Buy watches"}, headers=installation.headers).json()
    page.goto("/administration")
    assert api.post("/api/v1/auth/login", data=admin).ok
    reports = f"{comments}/{said['id']}/reports"
    assert api.post(reports, data={"reason": "It is spam."}, headers=installation.headers).ok
    page.evaluate("localStorage.setItem('matinee.signed-in', '1')")
    page.reload()
    reported = page.get_by_role("region", name="Reported comments")
    reported.get_by_role("heading", name="Reported comments · 1").wait_for()
    reported.get_by_text("1 report: It is spam.").wait_for()
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    reported.get_by_role("button", name="Hide").click()
    reported.get_by_text("Nothing is reported.").wait_for()
    assert installation.client.get(comments).json()["items"] == []
    assert visit.faults == []
    visit.context.close()
