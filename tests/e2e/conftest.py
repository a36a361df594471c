"""One installation for all tests that do not break it."""

import json
from collections.abc import Iterator
from pathlib import Path

import oidc_provider_mock
import pytest
from playwright.sync_api import Browser, sync_playwright
from tests.e2e.installation import Installation, make_film
from tests.e2e.visiting import FLAGS, Visit, find_chromium


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve seconds of 240p with sound."""
    return make_film(tmp_path_factory.mktemp("film") / "film.mp4")


@pytest.fixture(scope="package")
def mail_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the installation's letters arrive."""
    return tmp_path_factory.mktemp("mail")


@pytest.fixture(scope="package")
def issuer() -> Iterator[str]:
    """The address of an OpenID Connect issuer, where everybody may sign in as anybody."""
    with oidc_provider_mock.run_server_in_thread() as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture(scope="package")
def installation(mail_folder: Path, issuer: str) -> Iterator[Installation]:
    """A running installation with a signed-in user."""
    work = {"id": "work", "name": "Work", "issuer": issuer, "client_id": "matinee", "client_secret": "secret"}
    settings = {"MAIL_FOLDER": str(mail_folder), "SIGN_IN_PROVIDERS": json.dumps([work])}
    with Installation(IMPORT_ALLOWED="127.0.0.2/32", **settings) as installation:
        installation.start("serve", "worker")
        installation.sign_up()
        yield installation


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium; where there is none, the tests fail rather than pass unseen."""
    program = find_chromium()
    if program is None:
        pytest.fail("No Chromium on the path: run `make tools` as root, or install it.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser, installation: Installation) -> Iterator[Visit]:
    """A fresh visitor on a desktop."""
    visit = Visit(browser, installation, viewport={"width": 1280, "height": 800})
    yield visit
    visit.context.close()
