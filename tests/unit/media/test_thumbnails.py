from itertools import product

import pytest
from tests.unit.media.plans import plan

from matinee.media.thumbnails import WIDTHS, Fit, thumbnail_cell, thumbnail_rungs, thumbnail_size

WIDE, TALL, SMALL = plan(60), plan(60, size=(1080, 1920)), plan(60, size=(426, 240))


class TestSize:
    @pytest.mark.parametrize(
        ("asked", "made"),
        [
            ((1, None, "contain"), (80, 44)),
            ((320, None, "contain"), (320, 180)),
            ((321, None, "contain"), (480, 270)),
            ((4096, None, "contain"), (1280, 720)),
            ((1280, 180, "contain"), (320, 180)),
            ((300, 300, "cover"), (320, 320)),
            ((100, 178, "cover"), (160, 284)),
        ],
    )
    def test_it_is_the_next_of_a_few(self, asked: tuple[int, int | None, Fit], made: tuple[int, int]) -> None:
        """Whole pictures are bounded by width and height, cropped ones take the nearest shape."""
        size = thumbnail_size(WIDE, *asked)
        assert (size.width, size.height) == made

    @pytest.mark.parametrize("film", [WIDE, TALL, SMALL])
    def test_the_number_of_sizes_is_bounded(self, film: object) -> None:
        """However many are asked for; none is empty, odd, or larger than the picture it is cut from."""
        asked = product((1, 7, 80, 333, 640, 1000, 4096), (None, 1, 50, 333, 720, 4096), ("contain", "cover"))
        sizes = {thumbnail_size(film, *one) for one in asked}  # type: ignore[arg-type]
        assert len(sizes) <= len(WIDTHS) * 6
        for size in sizes:
            assert 2 <= size.width <= size.full_width
            assert 2 <= size.height <= size.full_height
            assert not any(side % 2 for side in (size.width, size.height, size.full_width, size.full_height))

    def test_a_picture_is_never_enlarged(self) -> None:
        """A small video has small thumbnails."""
        assert thumbnail_size(SMALL, 1280, None, "contain").width == 426
        assert thumbnail_size(SMALL, 1280, 1280, "cover").height == 240

    def test_sound_alone_has_none(self) -> None:
        """There is nothing to show."""
        with pytest.raises(LookupError):
            thumbnail_size(plan(60, size=None), 320, None, "contain")


class TestRungs:
    def test_the_smallest_that_is_large_enough_comes_first(self) -> None:
        """Then the smaller ones, of which some exist earlier, then the larger."""
        names = [rung.name for rung in thumbnail_rungs(WIDE, thumbnail_size(WIDE, 640, None, "contain"))]
        assert names == ["v360", "v240", "v480", "v720", "v1080"]


class TestMoment:
    def test_it_is_the_beginning_of_a_cell(self) -> None:
        """The middle where no time is given; times past the end are the end."""
        assert [thumbnail_cell(WIDE, time) for time in (0.0, 3.999, 4.0, 1e6)] == [0, 0, 1, 14]
        assert thumbnail_cell(WIDE, None) == 7
