"""One installation for all tests of a file that do not break it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.installation import Installation, make_film


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve seconds of 240p with sound."""
    return make_film(tmp_path_factory.mktemp("film") / "film.mp4")


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A running installation with a signed-in user."""
    with Installation(tmp_path_factory.mktemp("installation")) as installation:
        installation.start("serve", "worker")
        installation.sign_up()
        yield installation
