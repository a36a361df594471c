"""Who uploads through the server."""

import pytest
from tests.integration.conftest import Person
from tests.integration.modules.uploads.tus import Tus


@pytest.fixture
def tus(ada: Person) -> Tus:
    """Ada's."""
    return Tus(ada)
