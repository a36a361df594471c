"""What an API key looks like."""

import re
from uuid import UUID, uuid4

import pytest

from matinee.modules.api_keys.rules import is_well_formed, new_secret, prefix_of

KEY_ID = UUID("0f8fad5b-d9cb-469f-a165-70867728950e")


def test_it_begins_with_the_mark_and_its_id() -> None:
    """So that a scanner knows it, and whoever sees its beginning which it is."""
    assert prefix_of(KEY_ID) == "mtn_0f8fad5b"
    assert re.fullmatch(r"mtn_0f8fad5b_[0-9a-f]{72}", new_secret(KEY_ID))


def test_no_two_are_alike() -> None:
    """Also of one id: all but its beginning is random."""
    assert len({new_secret(KEY_ID)[len(prefix_of(KEY_ID)) :] for _ in range(100)}) == 100


def test_what_was_made_is_well_formed() -> None:
    """By form and checksum."""
    assert is_well_formed(new_secret(uuid4()))


@pytest.mark.parametrize("place", [4, 20, -1])
def test_a_wrong_digit_is_found(place: int) -> None:
    """In the id, the secret and the checksum."""
    right = list(new_secret(KEY_ID))
    right[place] = "0" if right[place] != "0" else "1"
    assert not is_well_formed("".join(right))


@pytest.mark.parametrize("change", [str.upper, lambda key: key[:-1], lambda key: f"{key}\n", lambda _: "mtn_é"])
def test_what_is_not_whole_is_found(change: object) -> None:
    """Cut, lengthened, or nothing of the kind."""
    assert callable(change)
    assert not is_well_formed(change(new_secret(KEY_ID)))
