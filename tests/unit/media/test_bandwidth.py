from fractions import Fraction

from tests.unit.media.plans import opened, plan, sound

from matinee.media.bandwidth import NOTHING, Measured, average_bits, keyframe_peak_bits, peak_bits, shortest_cell
from matinee.media.clips import cut


class TestPeakBits:
    def test_covers_the_cap_and_a_full_rate_buffer_in_each_cell(self) -> None:
        made = plan(60)
        top = made.video[-1]
        largest_cell = top.max_bit_rate * 4 + top.buffer_bits
        assert peak_bits(made, top) * 4 >= largest_cell

    def test_rises_with_the_rung(self) -> None:
        made = plan(60)
        peaks = [peak_bits(made, rung) for rung in made.video]
        assert peaks == sorted(peaks)

    def test_a_short_video_may_spend_its_whole_buffer_in_its_only_cell(self) -> None:
        made = plan(1)
        assert peak_bits(made, made.video[0]) >= made.video[0].max_bit_rate + made.video[0].buffer_bits

    def test_of_a_clip_both_ends_may_be_short(self) -> None:
        """Then neither counts, and what is left is the usual length."""
        clip = cut(plan(60), range(100, 260))
        assert [clip.grid.cell_frames(index) for index in range(clip.grid.cells)] == [20, 120, 20]
        assert shortest_cell(clip.grid) == 4

    def test_sound_may_be_above_its_rate(self) -> None:
        made = plan(60, audio=sound())
        assert peak_bits(made, made.rendition("audio")) > 128_000


class TestAverageBits:
    def test_is_what_the_stored_cells_measure(self) -> None:
        made = plan(60)
        top = made.video[-1]
        assert average_bits(made, top, Measured(cells=3, bytes=3_000_000)) == 2_000_000

    def test_counts_the_shorter_last_cell_as_what_it_is(self) -> None:
        made = plan(42)
        assert made.grid.cells == 11
        assert average_bits(made, made.video[-1], Measured(cells=11, bytes=42 * 125_000)) == 1_000_000

    def test_counts_the_opening_as_what_it_is(self) -> None:
        """Right after the upload it is all that is stored."""
        made = opened(plan(60))
        assert average_bits(made, made.video[-1], Measured(cells=1, bytes=125_000, starts=True)) == 1_000_000
        assert average_bits(made, made.video[-1], Measured(cells=2, bytes=625_000, starts=True)) == 1_000_000

    def test_is_an_estimate_below_the_peak_where_nothing_is_stored(self) -> None:
        made = plan(60, audio=sound())
        for rendition in made.renditions:
            assert 0 < average_bits(made, rendition, NOTHING) < peak_bits(made, rendition)

    def test_never_exceeds_the_peak(self) -> None:
        made = plan(60)
        low = made.video[0]
        assert average_bits(made, low, Measured(cells=1, bytes=10**9)) == peak_bits(made, low)


class TestKeyframePeakBits:
    def test_is_below_the_peak_of_the_whole_rung(self) -> None:
        made = plan(60)
        assert all(keyframe_peak_bits(made, rung) < peak_bits(made, rung) for rung in made.video)


class TestShortestCell:
    def test_a_last_cell_of_half_the_length_counts(self) -> None:
        assert shortest_cell(plan(Fraction(63)).grid) == 3
        assert shortest_cell(plan(Fraction(62)).grid) == 2

    def test_an_opening_does_not_count(self) -> None:
        """What players are told of a rendition's bits is not higher for it."""
        assert shortest_cell(opened(plan(61)).grid) == 4

    def test_a_shorter_last_cell_does_not_count(self) -> None:
        assert shortest_cell(plan(Fraction(61)).grid) == 4

    def test_the_only_cell_counts_always(self) -> None:
        assert shortest_cell(plan(1).grid) == 1
