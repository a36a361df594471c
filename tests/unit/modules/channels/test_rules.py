"""What a channel may be called."""

import re
from uuid import UUID

from matinee.modules.channels.rules import HANDLE, RESERVED, suggestions

ACCOUNT = UUID("5f0c8a52-5b5e-4a55-9a0c-0d1f7c3f1a11")


def test_a_handle_is_suggested_after_the_name() -> None:
    """Without marks and spaces; the last one is nobody else's but by intent."""
    assert suggestions("Ada Lovelace", ACCOUNT)[:2] == ["ada-lovelace", "ada-lovelace-2"]
    assert suggestions("Zoë & the Crew!", ACCOUNT)[0] == "zoe-the-crew"
    assert suggestions("Ada", ACCOUNT)[-1] == "ada-5f0c8a52"


def test_every_name_has_some() -> None:
    """Names that a handle cannot write, that are too short or long, or that nobody can have."""
    for name in ("映画館", "Al", "x" * 80, "Admin", "-", "channel"):
        found = suggestions(name, ACCOUNT)
        assert found, name
        assert all(re.fullmatch(HANDLE, handle) and handle not in RESERVED for handle in found), found


def test_nothing_is_reserved_that_is_no_handle() -> None:
    """A word of two letters, say, or one with capitals."""
    assert all(re.fullmatch(HANDLE, word) and word == word.lower() for word in RESERVED - {"me"})
