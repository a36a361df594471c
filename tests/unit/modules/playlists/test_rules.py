"""Where in a playlist an item stands."""

from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples

from matinee.modules.playlists.rules import GAP, place_between

PLACES = st.integers(-(2**63), 2**63 - 1)


class TestPlaceBetween:
    @examples(100, a_second=2000)
    @given(st.tuples(PLACES, PLACES).filter(lambda pair: pair[0] < pair[1]))
    def test_lies_between_two_or_there_is_no_room(self, pair: tuple[int, int]) -> None:
        low, high = pair
        place = place_between(low, high)
        assert low < place < high if place is not None else high - low == 1

    @examples(100, a_second=2000)
    @given(PLACES)
    def test_at_an_end_it_leaves_a_gap_or_there_is_no_room(self, only: int) -> None:
        behind, before = place_between(only, None), place_between(None, only)
        assert behind == only + GAP if behind is not None else only + GAP >= 2**63
        assert before == only - GAP if before is not None else only - GAP <= -(2**63)

    def test_has_room_for_many_between_the_same_two(self) -> None:
        """Of a list that has just been numbered, as many as it takes until it is worth numbering it anew."""
        low, high, times = GAP, 2 * GAP, 0
        while (place := place_between(low, high)) is not None:
            high, times = place, times + 1
        assert times == 32
