"""What is recorded, and what is said of it."""

from pathlib import Path
from typing import get_args

from matinee.modules.audit.actions import Action

_PAGE = Path(__file__).parents[4] / "docs" / "administration.md"


def test_each_is_in_the_table_of_the_log() -> None:
    """Whoever reads a line finds what it means."""
    page = _PAGE.read_text()
    assert [action for action in get_args(Action) if f"`{action}`" not in page] == []
