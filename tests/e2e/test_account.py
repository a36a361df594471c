"""What one does about one's own account in the pages: devices, all of it, and a forgotten password."""

import email
import re
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import argon2
import psycopg
from playwright.sync_api import Browser, Page
from tests.e2e.installation import PASSWORD, Installation, until
from tests.e2e.visiting import Visit

EMAIL = "nora@example.org"
OTHER = "seven lonely anvils"


def test_devices_and_a_forgotten_password(browser: Browser, installation: Installation, mail_folder: Path) -> None:
    """On a phone: a device is signed out in the list; letters' links verify the address and set a password."""
    visit = Visit(browser, installation, viewport={"width": 390, "height": 800})
    page, api = visit.page, visit.context.request
    account = {"email": EMAIL, "password": PASSWORD, "name": "Nora"}
    assert api.post("/api/v1/auth/register", data=account).ok
    credentials = {"email": EMAIL, "password": PASSWORD, "device_name": "Nora's television"}
    assert api.post("/api/v1/auth/login", data=credentials).ok
    page.goto("/?sign-in")
    page.locator("#account-email").fill(EMAIL)
    page.locator("#account-password").fill(PASSWORD)
    page.get_by_role("dialog").get_by_role("button", name="Sign in", exact=True).click()
    page.locator(".account-panel summary").click()
    page.get_by_text("not verified").wait_for()
    page.get_by_role("button", name="Sign out Nora's television").click()
    page.get_by_role("textbox", name="Your password, or a code").fill(PASSWORD)
    page.get_by_role("button", name="Sign it out").click()
    page.get_by_text("signed out from another device").wait_for()
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")

    _take_all_of_it_away_and_come_back(page)
    page.get_by_role("button", name="Sign out", exact=True).click()
    until(lambda: _link(mail_folder, "verify-email") is not None)
    page.goto(_link(mail_folder, "verify-email") or "")
    page.get_by_label("The account's password").fill(PASSWORD)
    page.get_by_role("button", name="Yes, it is mine").click()
    page.get_by_role("heading", name="Thank you").wait_for()

    page.goto("/?sign-in")
    page.locator("#account-email").fill(EMAIL)
    page.get_by_role("button", name="Forgot your password?").click()
    page.get_by_text("is on its way").wait_for()
    until(lambda: _link(mail_folder, "reset-password") is not None)
    page.goto(_link(mail_folder, "reset-password") or "")
    assert "#" not in page.evaluate("() => location.href")
    page.get_by_label("New password").fill("password1234")
    page.get_by_role("button", name="Set the password").click()
    page.get_by_text("too easily guessed").wait_for()
    page.get_by_label("New password").fill(OTHER)
    page.get_by_role("button", name="Set the password").click()
    page.get_by_role("heading", name="Your password is set").wait_for()
    assert api.post("/api/v1/auth/login", data={**credentials, "password": OTHER}).ok
    visit.context.close()


def test_a_new_password_is_measured_while_it_is_typed_and_can_be_seen(
    browser: Browser, installation: Installation
) -> None:
    """By what is fetched where one is chosen, and then asks nobody. Of one to sign in with nothing is said."""
    visit = Visit(browser, installation, viewport={"width": 390, "height": 800})
    page = visit.page
    page.goto("/?sign-in")
    dialog = page.get_by_role("dialog")
    password, meter = dialog.get_by_label("Password", exact=True), dialog.get_by_role("meter", name="Strength")
    password.fill("password1234")
    assert not any("password-strength" in url for url in visit.asked)
    dialog.get_by_role("button", name="New here? Create an account").click()
    dialog.get_by_label("Name").fill("Wilhelmina Vandersloot")
    password.press_sequentially("5")
    dialog.get_by_text("Weak. ").wait_for()
    assert meter.get_attribute("value") == "2"
    password.fill("Vandersloot-1")
    dialog.get_by_text("There should not be any personal").wait_for()
    visit.context.set_offline(True)
    password.fill(OTHER)
    dialog.get_by_text("Strong.", exact=True).wait_for()
    assert meter.get_attribute("value") == "5"

    show = dialog.get_by_role("button", name="Show characters")
    password.press("Home")
    show.click()
    assert show.get_attribute("aria-pressed") == "true"
    page.keyboard.type("x")
    assert (password.get_attribute("type"), password.input_value()) == ("text", f"x{OTHER}")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert (show.get_attribute("aria-pressed"), password.get_attribute("type")) == ("false", "password")
    dialog.get_by_role("button", name="Have an account? Sign in").click()
    meter.wait_for(state="hidden")
    show.click()
    field = page.locator("dialog input[autocomplete=current-password]")
    assert field.get_attribute("type") == "text"
    page.keyboard.press("Escape")
    page.locator("dialog input[autocomplete=current-password][type=password]").wait_for(state="attached")
    assert field.is_hidden()
    visit.context.close()


def test_a_password_that_everybody_knows_is_changed_by_signing_in(
    browser: Browser, installation: Installation
) -> None:
    """The dialog asks for another one, once, and signs in with it."""
    visit = Visit(browser, installation, viewport={"width": 390, "height": 800})
    page, api = visit.page, visit.context.request
    account = {"email": "olga@example.org", "password": PASSWORD, "name": "Olga"}
    assert api.post("/api/v1/auth/register", data=account).ok
    known = argon2.PasswordHasher().hash("iloveyou2020")
    with psycopg.connect(installation.postgres.endpoint.dsn) as db:
        db.execute("UPDATE users SET password_hash = %s WHERE email = %s", (known, account["email"]))
    page.goto("/?sign-in")
    dialog = page.get_by_role("dialog")
    assert not dialog.get_by_label("New password").is_visible()
    dialog.get_by_label("Email").fill(account["email"])
    dialog.get_by_label("Password", exact=True).fill("iloveyou2020")
    dialog.get_by_role("button", name="Sign in", exact=True).click()
    dialog.get_by_text("one of those that are guessed first").wait_for()
    dialog.get_by_label("New password").fill("iloveyou2021")
    dialog.get_by_role("button", name="Sign in", exact=True).click()
    dialog.locator(".field-error").get_by_text("too easily guessed").wait_for()
    dialog.get_by_label("New password").fill(OTHER)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    dialog.get_by_role("button", name="Sign in", exact=True).click()
    page.locator(".account-panel").wait_for()
    assert api.post("/api/v1/auth/login", data={"email": account["email"], "password": OTHER}).ok
    visit.context.close()


def _take_all_of_it_away_and_come_back(page: Page) -> None:
    """The archive is fetched; another address is asked for; the account is deleted, and kept by signing in."""
    panel = page.locator(".account-panel")
    panel.get_by_role("button", name="Export").click()
    panel.get_by_label("Your password").fill("not the one")
    panel.locator(".proof-form").get_by_role("button", name="Export").click()
    panel.get_by_text("not the one of this account").wait_for()
    panel.get_by_label("Your password").fill(PASSWORD)
    panel.locator(".proof-form").get_by_role("button", name="Export").click()
    panel.get_by_role("button", name="Download").click()
    panel.get_by_label("Your password").fill(PASSWORD)
    with page.expect_download() as download:
        panel.locator(".proof-form").get_by_role("button", name="Download").click()
    assert download.value.suggested_filename.endswith(".zip")
    panel.get_by_role("button", name="Change address").click()
    panel.get_by_label("New address").fill("nora@example.net")
    panel.get_by_label("Your password").fill(PASSWORD)
    panel.get_by_role("button", name="Send the letter", exact=True).click()
    panel.get_by_text("A letter is on its way to nora@example.net").wait_for()
    panel.get_by_role("button", name="Delete account").click()
    panel.get_by_text("You can sign in and keep it until 20").wait_for()
    panel.get_by_label("Your password").fill(PASSWORD)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    panel.get_by_role("button", name="Delete my account").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Your account will be deleted on").wait_for()
    page.locator("#account-email").fill(EMAIL)
    page.locator("#account-password").fill(PASSWORD)
    dialog.get_by_role("button", name="Sign in", exact=True).click()
    dialog.get_by_text("This account is to be deleted").wait_for()
    dialog.get_by_role("button", name="Keep my account").click()
    panel.wait_for()


def _link(folder: Path, page: str) -> str | None:
    """The path of a page that a letter to her leads to."""
    for path in folder.glob("*.eml"):
        letter = email.message_from_bytes(path.read_bytes(), policy=default)
        assert isinstance(letter, EmailMessage)
        body = letter.get_body(("plain",))
        assert body is not None
        found = re.search(rf"/{page}#\S+", body.get_content())
        if letter["To"] == EMAIL and found:
            return found[0]
    return None
