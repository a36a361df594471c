"""What the storage should hold of a video."""

import pytest

from matinee.modules.inspection.rules import in_key_order, runs_of


@pytest.mark.parametrize("stop", [0, 1, 2, 10, 11, 101, 1234])
def test_segments_come_in_the_order_of_their_keys(stop: int) -> None:
    """Which is that of their digits: 0, 1, 10, 100, 11, 2."""
    assert list(in_key_order(stop)) == sorted(range(stop), key=lambda index: f"{index}.m4s")


def test_lost_segments_are_told_as_runs() -> None:
    """From the first to the one behind the last."""
    assert runs_of([12, 3, 4, 5, 10, 11, 1]) == [(1, 2), (3, 6), (10, 13)]
    assert runs_of([]) == []
