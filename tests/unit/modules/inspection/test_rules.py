"""What the storage should hold of a video."""

import pytest

from matinee.modules.encoding.cell_repository import NewCell, hash_rows
from matinee.modules.inspection.rules import Rendition, in_key_order, runs_of


@pytest.mark.parametrize("stop", [0, 1, 2, 10, 11, 101, 1234])
def test_segments_come_in_the_order_of_their_keys(stop: int) -> None:
    """Which is that of their digits: 0, 1, 10, 100, 11, 2."""
    assert list(in_key_order(stop)) == sorted(range(stop), key=lambda index: f"{index}.m4s")


def test_lost_segments_are_told_as_runs() -> None:
    """From the first to the one behind the last."""
    assert runs_of([12, 3, 4, 5, 10, 11, 1]) == [(1, 2), (3, 6), (10, 13)]
    assert runs_of([]) == []


class TestHashes:
    def test_each_cell_finds_its_own(self) -> None:
        """Over the borders of rows; of others nothing is known."""
        made = {cell: bytes([cell]) * 16 for cell in (1, 31, 32, 70)}
        rows = hash_rows(NewCell("v240", "r4", cell, 1, md5, b"", 1, 0) for cell, md5 in made.items())
        stored = {page: row.hex() for page, row in rows.items()}
        rendition = Rendition("v240", "r4", 80, 4, None, 0, [], stored)
        known = {cell: md5 for cell in range(80) if (md5 := rendition.md5(cell)) is not None}
        assert known == {cell: md5.hex() for cell, md5 in made.items()}
