"""The ladder of a title, from what a survey saw; without FFmpeg."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from matinee.media.ladder import CRF, MIN_SAVING, ladder
from matinee.media.model import Rate, VideoRendition
from matinee.media.title import LEAST_CAP, MOST_CRF, Cost, Place, Survey, crf_steps, expected_bits, fit

FILM = Rate(25, 1)
USUAL = ladder(1920, 1080, FILM)

EASY = Survey(1080, (Place(small=Cost(0.9, 0.01), detail=Cost(0.3, 0.005)),) * 6)
HARD = Survey(1080, (Place(small=Cost(3.0, 2.0), detail=Cost(6.0, 4.0)),) * 6)

costs = st.builds(Cost, key=st.floats(0, 30), rest=st.floats(0, 30))
places = st.lists(st.builds(Place, small=costs, detail=costs), min_size=1, max_size=6).map(tuple)
surveys = st.builds(Survey, side=st.integers(96, 4320), places=places)
ladders = st.builds(ladder, st.integers(2, 8192), st.integers(2, 4320), st.sampled_from([Rate(24, 1), Rate(60, 1)]))


def names(rungs: Sequence[VideoRendition]) -> list[str]:
    return [rung.name for rung in rungs]


def best(rungs: Sequence[VideoRendition], bits: int) -> VideoRendition:
    """What a connection of so many bits a second plays."""
    return [rungs[0], *(rung for rung in rungs if rung.max_bit_rate <= bits)][-1]


class TestEveryTitle:
    @settings(deadline=None)
    @given(ladders, surveys)
    def test_its_rungs_are_usual_ones_with_lower_caps(self, usual: tuple[VideoRendition, ...], seen: Survey) -> None:
        """Lowest and highest stay; size, level and encoder are those of the usual rung; caps stay within bounds."""
        rungs, _ = fit(usual, seen, FILM)
        known = {rung.name: rung for rung in usual}
        assert (rungs[0].name, rungs[-1].name) == (usual[0].name, usual[-1].name)
        for rung in rungs:
            before = known[rung.name]
            assert LEAST_CAP * before.max_bit_rate <= rung.max_bit_rate <= before.max_bit_rate
            assert CRF <= rung.crf <= CRF + MOST_CRF
            changed = {"crf": rung.crf, "max_bit_rate": rung.max_bit_rate, "buffer_bits": rung.max_bit_rate}
            assert rung == replace(before, **changed)

    @settings(deadline=None)
    @given(ladders, surveys)
    def test_its_rungs_rise(self, usual: tuple[VideoRendition, ...], seen: Survey) -> None:
        """Each rung is larger than the one below it, and saves a fifth of the bits of the one above."""
        rungs, _ = fit(usual, seen, FILM)
        for lower, upper in pairwise(rungs):
            assert lower.width * lower.height < upper.width * upper.height
            assert lower.max_bit_rate <= upper.max_bit_rate * (1 - MIN_SAVING)

    @settings(deadline=None)
    @given(ladders, surveys)
    def test_no_connection_gets_a_smaller_picture(self, usual: tuple[VideoRendition, ...], seen: Survey) -> None:
        """At each bit rate for which the usual ladder has a rung, the title's has one of its size or larger."""
        rungs, _ = fit(usual, seen, FILM)
        for step in usual:
            assert best(rungs, step.max_bit_rate).height >= step.height

    @settings(deadline=None)
    @given(surveys, st.floats(1, 20))
    def test_what_costs_more_may_take_more(self, seen: Survey, times: float) -> None:
        """With every cost higher by the same factor no cap falls."""
        harder = Survey(
            seen.side,
            tuple(
                Place(*(Cost(cost.key * times, cost.rest * times) for cost in (place.small, place.detail)))
                for place in seen.places
            ),
        )
        rungs, more = fit(USUAL, seen, FILM)[0], fit(USUAL, harder, FILM)[0]
        assert more[-1].max_bit_rate >= rungs[-1].max_bit_rate
        assert more[0].max_bit_rate >= rungs[0].max_bit_rate

    @settings(deadline=None)
    @given(places.map(lambda seen: Survey(1080, seen)), st.floats(1, 20))
    def test_fine_detail_never_raises_the_crf(self, seen: Survey, times: float) -> None:
        """More bits for what a smaller picture does not show mean finer steps, never coarser ones."""
        finer = Survey(
            seen.side,
            tuple(replace(p, detail=Cost(p.detail.key * times, p.detail.rest)) for p in seen.places),
        )
        assert crf_steps(finer) <= crf_steps(seen)


class TestEasyTitle:
    def test_it_has_fewer_and_cheaper_rungs(self) -> None:
        """Its caps are the lowest, and every other rung is enough for all connections."""
        rungs, reason = fit(USUAL, EASY, FILM)
        assert names(rungs) == ["v240", "v480", "v1080"]
        assert rungs[-1].max_bit_rate < 0.51 * USUAL[-1].max_bit_rate
        assert rungs[-1].crf == CRF + MOST_CRF
        assert reason.startswith("An easy picture: ")
        assert "v360, v720" in reason

    def test_one_hard_place_keeps_the_caps(self) -> None:
        """A cap holds for the whole film, so the hardest place decides."""
        mixed = Survey(1080, (*EASY.places[1:], HARD.places[0]))
        assert names(fit(USUAL, mixed, FILM)[0]) == names(USUAL)

    def test_a_single_rung_stays(self) -> None:
        """A small picture has one rung, easy or not."""
        usual = ladder(320, 180, FILM)
        assert names(fit(usual, EASY, FILM)[0]) == ["v180"]


class TestHardTitle:
    def test_it_keeps_the_usual_ladder(self) -> None:
        """Nothing is saved where nothing can be."""
        rungs, reason = fit(USUAL, HARD, FILM)
        assert rungs == USUAL
        assert reason.startswith("A hard picture: ")

    def test_a_rung_is_judged_at_its_own_size(self) -> None:
        """The lowest rung by the shrunk picture, the highest by the one that is not."""
        place = Place(small=Cost(1.0, 0.1), detail=Cost(2.0, 0.8))
        seen = Survey(1080, (place,))
        dearness = [expected_bits(rung, seen, place, FILM) / (rung.width * rung.height) for rung in USUAL]
        assert dearness == sorted(dearness)
        assert dearness[-1] > 4 * dearness[0]
