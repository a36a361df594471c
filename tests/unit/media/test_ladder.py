"""The ladder: sizes and costs of the rungs."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.media.ladder import MIN_SAVING, display_size, ladder
from matinee.media.model import Rate

FILM = Rate(30, 1)
sides = st.integers(1, 8192)


def sizes(width: int, height: int) -> list[tuple[int, int]]:
    return [(rung.width, rung.height) for rung in ladder(width, height, FILM)]


class TestLadder:
    @pytest.mark.parametrize(
        ("width", "height", "expected"),
        [
            (1920, 1080, [(426, 240), (640, 360), (854, 480), (1280, 720), (1920, 1080)]),
            (1080, 1920, [(240, 426), (360, 640), (480, 854), (720, 1280), (1080, 1920)]),
            (640, 360, [(426, 240), (640, 360)]),
            (320, 180, [(320, 180)]),
            (16, 16, [(16, 16)]),
            (1, 1, [(2, 2)]),
            (321, 181, [(320, 180)]),
            (640, 368, [(418, 240), (640, 368)]),
        ],
    )
    def test_rungs_follow_the_shorter_side(self, width: int, height: int, expected: list[tuple[int, int]]) -> None:
        """Landscape, portrait, tiny and odd sources; a rung close below the top is left out."""
        assert sizes(width, height) == expected

    @given(sides, sides, st.sampled_from([Rate(25, 1), Rate(60, 1)]))
    def test_every_rung_is_worth_its_bits(self, width: int, height: int, rate: Rate) -> None:
        """Sides are even and not above the source's, names are unique, each rung saves a fifth."""
        rungs = ladder(width, height, rate)
        assert rungs
        assert len({rung.name for rung in rungs}) == len(rungs)
        for rung in rungs:
            assert rung.width % 2 == rung.height % 2 == 0
            assert rung.width <= max(2, width)
            assert rung.height <= max(2, height)
        for lower, upper in pairwise(rungs):
            assert lower.max_bit_rate <= upper.max_bit_rate * (1 - MIN_SAVING)

    def test_codecs_name_the_level(self) -> None:
        """The RFC 6381 string is High profile at the rung's level."""
        codecs = {rung.name: (rung.level, rung.codecs) for rung in ladder(1920, 1080, FILM)}
        assert codecs["v1080"] == ("4.0", "avc1.640028")
        assert codecs["v720"] == ("3.1", "avc1.64001f")


class TestDisplaySize:
    @pytest.mark.parametrize(
        ("size", "aspect", "rotation", "expected"),
        [
            ((720, 576), "16/15", 0, (768, 576)),
            ((1440, 1080), "4/3", 0, (1920, 1080)),
            ((720, 480), "8/9", 0, (720, 540)),
            ((1920, 1080), "1", 90, (1080, 1920)),
            ((1920, 1080), "1", 180, (1920, 1080)),
            ((720, 576), "16/15", 270, (576, 768)),
            ((640, 360), "1000", 0, (640, 360)),
        ],
    )
    def test_pixels_become_square_and_upright(
        self, size: tuple[int, int], aspect: str, rotation: int, expected: tuple[int, int]
    ) -> None:
        """Detail is kept; an absurd aspect is taken for none."""
        assert display_size(*size, Fraction(aspect), rotation) == expected
