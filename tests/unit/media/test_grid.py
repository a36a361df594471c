"""The grid: exact, complete, and the same for everyone."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.media.grid import STANDARD_RATES, make_grid, output_rate
from matinee.media.model import Grid, Rate

rates = st.sampled_from(STANDARD_RATES)


class TestOutputRate:
    @pytest.mark.parametrize(
        ("average", "nominal", "expected"),
        [
            ("25", "25", Rate(25, 1)),
            ("30000/1001", "30000/1001", Rate(30000, 1001)),
            ("2997/100", "2997/100", Rate(30000, 1001)),
            ("24000/1001", "24000/1001", Rate(24000, 1001)),
            ("29.83", "30", Rate(30, 1)),
            ("120", "120", Rate(60, 1)),
            ("100", "100", Rate(50, 1)),
            ("120000/1001", "120000/1001", Rate(60000, 1001)),
            ("144", "144", Rate(48, 1)),
            ("240", "240", Rate(60, 1)),
            ("240000/1001", "240000/1001", Rate(60000, 1001)),
            ("90", "90", Rate(30, 1)),
            ("75", "75", Rate(25, 1)),
            ("60", "60", Rate(60, 1)),
            ("50", "50", Rate(50, 1)),
            ("239.7", "600", Rate(60, 1)),
            ("7", "60", Rate(30, 1)),
            ("600", "25", Rate(25, 1)),
            ("1", "1", Rate(5, 1)),
            ("23.5", "90000", Rate(30, 1)),
        ],
    )
    def test_the_nearest_standard_rate_is_taken(self, average: str, nominal: str, expected: Rate) -> None:
        """Steady, varying, too fast and mislabelled sources each get a rate of at most 60."""
        assert output_rate(Fraction(average), Fraction(nominal)) == expected

    @given(st.fractions(Fraction(1, 100), 100_000), st.fractions(Fraction(1, 100), 100_000))
    def test_any_source_gets_a_standard_rate(self, average: Fraction, nominal: Fraction) -> None:
        """No claim of a header leads outside the table."""
        assert output_rate(average, nominal) in STANDARD_RATES


class TestGrid:
    @given(rates, st.fractions(0, 5_000))
    def test_cells_hold_every_frame_once(self, rate: Rate, duration: Fraction) -> None:
        """Cells follow each other without a gap, and add up to the video."""
        grid = make_grid(rate, duration)
        assert sum(grid.cell_frames(index) for index in range(grid.cells)) == grid.frames
        assert all(
            grid.cell_start(index) + grid.cell_duration(index) == grid.cell_start(index + 1)
            for index in range(grid.cells)
        )
        assert grid.cell_start(grid.cells) == grid.duration

    @given(rates, st.fractions(Fraction(1, 2), 5_000))
    def test_no_cell_is_too_short_for_sound(self, rate: Rate, duration: Fraction) -> None:
        """A remainder under half a second joins the cell before it."""
        grid = make_grid(rate, duration)
        shortest = min(grid.cell_duration(index) for index in range(grid.cells))
        longest = max(grid.cell_duration(index) for index in range(grid.cells))
        assert grid.cells == 1 or shortest >= Fraction(1, 2)
        assert longest < Fraction(9, 2) + 1 / rate.fraction

    @pytest.mark.parametrize(
        ("frames", "bounds"),
        [
            (1500, [0, 25, *range(125, 1426, 100), 1500]),
            (130, [0, 25, 130]),
            (30, [0, 30]),
            (38, [0, 25, 38]),
            (10, [0, 10]),
        ],
    )
    def test_it_begins_with_a_second(self, frames: int, bounds: list[int]) -> None:
        """Nobody waits for a whole cell before the first picture; what is left is counted as ever."""
        assert make_grid(Rate(25, 1), Fraction(frames, 25)).first_frames() == bounds

    @pytest.mark.parametrize(
        ("rate", "timescale", "ticks"),
        [(Rate(30, 1), 30000, 1000), (Rate(30000, 1001), 30000, 1001), (Rate(25, 1), 25000, 1000)],
    )
    def test_a_frame_is_a_whole_number_of_ticks(self, rate: Rate, timescale: int, ticks: int) -> None:
        """The timescale is fine and exact."""
        grid = Grid(rate, 100, 1000)
        assert (grid.timescale, grid.frame_ticks) == (timescale, ticks)
        assert Fraction(grid.frame_ticks, grid.timescale) == 1 / rate.fraction

    def test_a_moment_belongs_to_the_cell_on_screen(self) -> None:
        """The start of a cell belongs to it; moments outside are drawn to the ends."""
        grid = Grid(Rate(25, 1), 100, 405)
        cells = [grid.cell_at(Fraction(moment)) for moment in ("-1", "0", "3.99", "4", "16.1", "99")]
        assert cells == [0, 0, 0, 1, 3, 3]
