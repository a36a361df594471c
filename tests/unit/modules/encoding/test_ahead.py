"""Which cell is made next for those who watch."""

from __future__ import annotations

from matinee.modules.encoding.ahead import AHEAD_CELLS, Choice, Interest, Paces, choose, still_needed

MINUTE = range(15)


class TestChoice:
    def test_whoever_waits_comes_first(self) -> None:
        """And of those who wait, who asked first."""
        interests = [Interest(2, waits=False), Interest(9, waits=True), Interest(4, waits=True)]
        assert choose(MINUTE, {2}, interests) == Choice(9, waits=True)

    def test_then_what_comes_next_for_whoever_reads(self) -> None:
        """The cell that is read is there; those behind it are not, and no more of them than players keep in hand."""
        interests = [Interest(2, waits=False)]
        assert choose(MINUTE, {2, 3}, interests) == Choice(4, waits=False)
        assert choose(MINUTE, set(range(2, 3 + AHEAD_CELLS)), interests) is None

    def test_nobody_needs_what_is_stored_or_elsewhere(self) -> None:
        """Another region is another job's."""
        assert choose(MINUTE, {5}, [Interest(5, waits=True)]) == Choice(6, waits=False)
        assert choose(MINUTE, set(), [Interest(40, waits=True)]) is None


class TestInTheMaking:
    def test_it_is_needed_as_long_as_its_viewer_is_near(self) -> None:
        """Whether he waits for it or will soon read it."""
        assert still_needed(4, MINUTE, {3}, [Interest(3, waits=False)]) == Choice(4, waits=False)
        assert still_needed(4, MINUTE, {3}, [Interest(4, waits=True)]) == Choice(4, waits=True)
        assert still_needed(4, MINUTE, {3}, []) is None

    def test_what_is_made_ahead_makes_way_for_whoever_waits(self) -> None:
        """A viewer who jumps does not wait for what he would have seen otherwise."""
        assert still_needed(4, MINUTE, {3}, [Interest(3, waits=False), Interest(12, waits=True)]) is None

    def test_who_waits_is_not_overtaken(self) -> None:
        """Each of two viewers gets his cell, one after the other."""
        interests = [Interest(12, waits=True), Interest(4, waits=True)]
        assert still_needed(4, MINUTE, {3}, interests) == Choice(4, waits=True)


class TestPaces:
    def test_by_the_short_first_cell_the_next_is_foretold(self) -> None:
        """A second of film took two: four seconds will take eight."""
        paces = Paces()
        assert not paces.is_nearly_done("v1080", 4.0, 3600.0)
        paces.note("v1080", 1.0, 2.0)
        assert [paces.is_nearly_done("v1080", 4.0, elapsed) for elapsed in (1.0, 3.9, 4.0)] == [False, False, True]
        assert not paces.is_nearly_done("v720", 4.0, 3600.0)
