"""Signing in with more than a password, and without one, in a real browser with an authenticator."""

import base64
import time
from collections.abc import Iterator

import httpx
import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from playwright.sync_api import Browser, Page
from tests.e2e.installation import PASSWORD, Installation
from tests.e2e.visiting import Visit, wait_for

EMAIL = "mary@example.org"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def page(browser: Browser, installation: Installation) -> Iterator[Page]:
    """A phone with an authenticator, where somebody has just signed in."""
    account = {"email": EMAIL, "password": PASSWORD, "name": "Mary"}
    installation.client.post("/api/v1/auth/register", json=account).raise_for_status()
    visit = Visit(browser, installation, viewport={"width": 390, "height": 800})
    devtools = visit.context.new_cdp_session(visit.page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    visit.page.goto("/")
    sign_in(visit.page)
    open_panel(visit.page)
    yield visit.page
    # a 401 that asks for the second factor is a line in the console, too
    assert [fault for fault in visit.faults if "401" not in fault] == []
    visit.context.close()


def sign_in(page: Page) -> None:
    """By the password, as far as that goes."""
    page.locator("#welcome [data-open-account=sign-in]").click()
    page.get_by_label("Email").fill(EMAIL)
    page.locator("#account-password").fill(PASSWORD)
    page.locator("dialog[open] button[type=submit]:visible").click()


def open_panel(page: Page) -> None:
    """Once somebody is signed in."""
    page.locator(".security-panel summary").click()
    page.get_by_text("Codes of an app").wait_for()


def sign_out(page: Page) -> None:
    """As another browser would be."""
    page.context.clear_cookies()
    page.evaluate("localStorage.clear()")
    page.goto("/")


def fits(page: Page) -> bool:
    """Whether nothing is wider than the phone."""
    return bool(page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"))


def test_codes_and_passkeys(page: Page) -> None:
    """An app is set up, a recovery code signs in; a passkey is added, is the second factor, and then all there is."""
    panel = page.locator(".security-panel")
    panel.get_by_role("button", name="Set up").click()
    panel.get_by_label("Your password, or a code").fill(PASSWORD)
    panel.locator(".proof-form button[type=submit]").click()
    secret = panel.locator(".totp-secret").inner_text().replace(" ", "")
    assert panel.locator(".qr-code").is_visible()
    assert fits(page)
    code = TOTP(base64.b32decode(secret), 6, SHA1(), 30).generate(int(time.time())).decode()
    panel.locator("#totp-code").fill(code)
    with page.expect_response("**/api/v1/auth/refresh"):  # an administrator may be one by it
        panel.get_by_role("button", name="Turn on").click()
    codes = panel.locator(".recovery-codes").inner_text().split()
    assert len(codes) == 10
    assert fits(page)

    sign_out(page)
    sign_in(page)
    page.locator("#second-factor-code").fill(codes[0])
    page.get_by_role("button", name="Continue").click()
    open_panel(page)
    assert "9 left" in panel.inner_text()

    panel.get_by_role("button", name="Add a passkey").click()
    panel.locator("#passkey-name").fill("Phone")
    panel.get_by_label("Your password, or a code").fill(PASSWORD)
    panel.get_by_role("button", name="Add", exact=True).click()
    panel.get_by_role("button", name="Remove Phone").wait_for()
    assert fits(page)

    sign_out(page)
    sign_in(page)
    page.get_by_role("button", name="Use a passkey").click()
    open_panel(page)
    assert "Last used just now" in panel.inner_text()

    sign_out(page)
    page.locator("#welcome [data-open-account=sign-in]").click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    open_panel(page)

    panel.get_by_role("button", name="Remove Phone").click()
    panel.get_by_label("Your password, or a code").fill(PASSWORD)
    panel.get_by_role("button", name="Remove", exact=True).click()
    wait_for(page, "() => !document.querySelector('.security-panel')?.textContent.includes('Phone')")


def test_by_a_provider(browser: Browser, installation: Installation, issuer: str) -> None:
    """The first time makes an account. Its last way in stays; a passkey is another, which signs in to it."""
    claims = {"email": "kim@work.example", "email_verified": True, "name": "Kim"}
    httpx.put(f"{issuer}/users/kim", json=claims).raise_for_status()
    visit = Visit(browser, installation, viewport={"width": 390, "height": 800})
    page, panel = visit.page, visit.page.locator(".security-panel")
    devtools = visit.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    page.goto("/")
    page.locator("#welcome [data-open-account=sign-in]").click()
    page.get_by_role("button", name="Continue with Work").click()
    page.locator("input[name=sub]").fill("kim")
    page.get_by_role("button", name="Authorize", exact=True).click()
    open_panel(page)
    assert page.url == f"{installation.url}/"
    assert "kim@work.example" in panel.inner_text()
    assert fits(page)

    panel.get_by_role("button", name="Unlink").click()
    panel.get_by_role("button", name="Unlink").last.click()
    panel.get_by_text("Nothing would be left to sign in with").wait_for()
    panel.get_by_role("button", name="Add a passkey").click()
    panel.locator("#passkey-name").fill("Phone")
    panel.get_by_role("button", name="Add", exact=True).click()
    panel.get_by_role("button", name="Remove Phone").wait_for()

    sign_out(page)
    page.locator("#welcome [data-open-account=sign-in]").click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    open_panel(page)
    visit.context.close()
