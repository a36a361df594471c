"""The ladder of a title, from what its trials showed; without FFmpeg."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from matinee.media.ladder import CRF, MIN_SAVING, ladder
from matinee.media.model import Rate, VideoRendition
from matinee.media.title import (
    LEAST_CAP,
    LEAST_STEPS,
    LOWEST_SHARE,
    MOST_LOSS,
    STEPS,
    Place,
    Places,
    Trial,
    crf_steps,
    expected_bits,
    fit,
)

FILM = Rate(25, 1)
USUAL = ladder(1920, 1080, FILM)


def place(yardstick: float, vmafs: Sequence[float], rests: Sequence[float] = (20_000, 15_000, 9_000)) -> Place:
    """With a keyframe of 100,000 bits."""
    return Place(yardstick, tuple(Trial(v, 100_000, rest) for v, rest in zip(vmafs, rests, strict=True)))


def looking(vmafs: dict[str, float], loss: float = 1.0, rest: float = 2_000) -> dict[str, Places]:
    """A film whose rungs look so good, and lose so many points from the first step to the last."""
    return {
        name: (place(vmaf, [vmaf, vmaf - loss / 3, vmaf - loss], (rest, rest / 2, rest / 4)),) * 4
        for name, vmaf in vmafs.items()
    }


EASY = looking({"v240": 60, "v360": 75, "v480": 85, "v720": 92, "v1080": 96})
HARD = looking({"v240": 60, "v360": 75, "v480": 85, "v720": 92, "v1080": 96}, loss=20, rest=600_000)

trials = st.builds(Trial, vmaf=st.floats(0, 100), key=st.floats(0, 1e7), rest=st.floats(0, 1e6))
places = st.builds(Place, yardstick=st.floats(0, 100), trials=st.tuples(*[trials] * len(STEPS)))
ladders = st.builds(ladder, st.integers(2, 8192), st.integers(2, 4320), st.sampled_from([Rate(24, 1), Rate(60, 1)]))


@st.composite
def tried_ladders(draw: st.DrawFn) -> tuple[tuple[VideoRendition, ...], dict[str, Places]]:
    """A ladder, and trials of its rungs up to one of them."""
    usual = draw(ladders)
    many, tried = draw(st.integers(1, 4)), draw(st.integers(1, len(usual)))
    return usual, {rung.name: draw(st.tuples(*[places] * many)) for rung in usual[:tried]}


def names(rungs: Sequence[VideoRendition]) -> list[str]:
    return [rung.name for rung in rungs]


class TestOrder:
    def test_no_rung_takes_fewer_bits_than_the_one_below_it(self) -> None:
        """Where noise goes all at once from one rung, it keeps the CRF that leaves it as many as the smaller one."""
        seen = looking({"v720": 92, "v1080": 50}, rest=600_000)
        seen["v1080"] = (place(50, [50, 50, 50], (600_000, 60_000, 6_000)),) * 4
        raised = {rung.name: rung.crf - CRF for rung in fit(USUAL, seen, FILM).rungs}
        low, high = (expected_bits(seen[name][0], raised[name], FILM) for name in ("v720", "v1080"))
        assert low <= high
        assert raised["v1080"] < crf_steps(seen["v1080"]) == STEPS[-1]

    def test_the_lowest_which_is_not_tried_is_given_room(self) -> None:
        """The rung above it keeps the bits that it may take."""
        seen = {"v360": (place(75, [75, 75, 75], (200_000, 20_000, 2_000)),) * 4}
        raised = next(rung.crf - CRF for rung in fit(USUAL, seen, FILM).rungs if rung.name == "v360")
        kept = expected_bits(seen["v360"][0], raised, FILM) / expected_bits(seen["v360"][0], 0, FILM)
        assert kept >= LOWEST_SHARE
        assert raised < crf_steps(seen["v360"]) == STEPS[-1]


class TestEveryTitle:
    @settings(deadline=None)
    @given(tried_ladders())
    def test_its_rungs_are_usual_ones_with_lower_caps(
        self, film: tuple[tuple[VideoRendition, ...], dict[str, Places]]
    ) -> None:
        """Lowest and highest stay; size, level and encoder are those of the usual rung; caps stay within bounds."""
        usual, seen = film
        fitted = fit(usual, seen, FILM)
        known = {rung.name: rung for rung in usual}
        assert (fitted.rungs[0].name, fitted.rungs[-1].name) == (usual[0].name, usual[-1].name)
        assert sorted(names([*fitted.rungs, *fitted.spare])) == sorted(known)
        assert all(rung == known[rung.name] for rung in fitted.spare)
        for rung in fitted.rungs:
            before = known[rung.name]
            assert LEAST_CAP * before.max_bit_rate <= rung.max_bit_rate <= before.max_bit_rate
            assert CRF + LEAST_STEPS <= rung.crf <= CRF + STEPS[-1]
            changed = {"crf": rung.crf, "max_bit_rate": rung.max_bit_rate, "buffer_bits": rung.max_bit_rate}
            assert rung == replace(before, **changed)
            assert rung.name in seen or rung.crf == CRF

    @settings(deadline=None)
    @given(tried_ladders())
    def test_its_rungs_rise(self, film: tuple[tuple[VideoRendition, ...], dict[str, Places]]) -> None:
        """Each rung is larger than the one below it, and saves a fifth of the bits of the one above."""
        for lower, upper in pairwise(fit(*film, FILM).rungs):
            assert lower.width * lower.height < upper.width * upper.height
            assert lower.max_bit_rate <= upper.max_bit_rate * (1 - MIN_SAVING)


class TestSteps:
    def test_crf_rises_as_far_as_it_hardly_shows(self) -> None:
        """Against the yardstick, which a rung that is made with more care may beat."""
        assert crf_steps((place(90, [90, 89.8, 89.6]),)) == STEPS[-1]
        assert crf_steps((place(90, [90, 89, 87]),)) == 1
        assert crf_steps((place(90, [91.5, 90.5, 88.5]),)) == 4

    def test_crf_falls_where_a_rung_looks_worse_than_the_yardstick(self) -> None:
        """By one step, which may not be enough."""
        assert crf_steps((place(90, [89, 87, 80]),)) == -1
        assert crf_steps((place(90, [80, 78, 70]),)) == -1

    def test_noise_that_goes_at_once_is_not_taken_for_a_gentle_slope(self) -> None:
        """From the first trial to the last alone one step would seem to cost 0.8 points; it costs 1.5."""
        assert crf_steps((place(68, [68.1, 65.2, 63.5]),)) == 0

    def test_no_place_loses_much(self) -> None:
        """However little the others lose."""
        still, lively = place(90, [95, 95, 95]), place(90, [90, 89, 80])
        assert crf_steps((still, still, still, lively)) == 2
        assert MOST_LOSS < 1

    def test_bits_between_trials(self) -> None:
        """On a logarithmic scale: halfway between 10 and 40 lies 20."""
        seen = Place(90, (Trial(90, 0, 40), Trial(90, 0, 10), Trial(90, 0, 10)))
        assert round(expected_bits(seen, 1, FILM)) == 20 * 25


class TestEasyTitle:
    def test_it_has_fewer_and_cheaper_rungs(self) -> None:
        """Its caps are the lowest, and the next larger rung fits where a smaller one was needed."""
        fitted = fit(USUAL, EASY, FILM)
        assert names(fitted.rungs) == ["v240", "v480", "v1080"]
        assert fitted.rungs[-1].max_bit_rate < 0.54 * USUAL[-1].max_bit_rate
        assert "nobody would miss v360, v720" in fitted.reason

    def test_a_larger_rung_that_looks_worse_serves_nobody(self) -> None:
        """As with fine print, which noise reduction at the size above has washed out."""
        seen = EASY | looking({"v720": 97, "v1080": 96})
        assert "v720" in names(fit(USUAL, seen, FILM).rungs)

    def test_one_hard_place_keeps_the_caps(self) -> None:
        """A cap holds for the whole film, so the hardest place decides."""
        mixed = {name: (*EASY[name][1:], HARD[name][0]) for name in EASY}
        assert names(fit(USUAL, mixed, FILM).rungs) == names(USUAL)

    def test_a_single_rung_stays(self) -> None:
        """A small picture has one rung, easy or not."""
        usual = ladder(320, 180, FILM)
        assert names(fit(usual, looking({"v180": 90}), FILM).rungs) == ["v180"]


class TestHardTitle:
    def test_it_keeps_the_usual_ladder(self) -> None:
        """Nothing is saved where nothing can be."""
        fitted = fit(USUAL, HARD, FILM)
        assert fitted.rungs == USUAL
        assert fitted.reason == "Trial encodes chose the ladder: CRF is 23, no cap is lowered."
