from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.media.plans import NTSC, plan, sound

from matinee.media.grid import STANDARD_RATES
from matinee.media.timeline import decimal, timeline

RATES = st.sampled_from(STANDARD_RATES)
SECONDS = st.fractions(min_value=Fraction(1, 30), max_value=100)
SOUNDS = st.builds(
    lambda rate, first: sound(rate, first_sample=first), st.sampled_from([44_100, 48_000]), st.integers(0, 1023)
)


class TestTimeline:
    @given(RATES, SECONDS)
    def test_video_cells_lie_where_the_grid_says(self, rate, seconds) -> None:
        made = plan(seconds, rate=rate)
        times = timeline(made, made.video[0])
        starts = [made.grid.cell_start(index) for index in range(made.grid.cells + 1)]
        assert [Fraction(bound, times.timescale) for bound in times.bounds] == starts

    @given(RATES, SECONDS, SOUNDS)
    def test_audio_cells_lie_where_the_plan_says(self, rate, seconds, audio) -> None:
        made = plan(seconds, rate=rate, audio=audio)
        times = timeline(made, audio)
        for index, ticks in enumerate(times.durations):
            assert Fraction(times.bounds[index], times.timescale) == made.audio_cell_start(index)
            assert Fraction(ticks, times.timescale) == made.audio_cell_duration(index)

    @given(RATES, SECONDS, SOUNDS)
    def test_sound_and_picture_of_a_cell_are_within_one_aac_frame(self, rate, seconds, audio) -> None:
        made = plan(seconds, rate=rate, audio=audio)
        pictures, sounds = timeline(made, made.video[0]), timeline(made, audio)
        frame = Fraction(1024, audio.sample_rate)
        for picture, heard in zip(pictures.bounds, sounds.bounds, strict=True):
            assert 0 <= Fraction(heard, sounds.timescale) - Fraction(picture, pictures.timescale) < frame

    @given(RATES, SECONDS)
    def test_runs_tell_every_duration(self, rate, seconds) -> None:
        made = plan(seconds, rate=rate)
        times = timeline(made, made.video[0])
        assert [ticks for ticks, count in times.runs() for _ in range(count)] == times.durations

    def test_rounded_bounds_stay_within_half_a_microsecond_for_twelve_hours(self) -> None:
        made = plan(12 * 3600, rate=NTSC)
        times = timeline(made, made.video[0])
        assert len(times.bounds) > 10_000
        for bound, rounded in zip(times.bounds, times.microseconds(), strict=True):
            assert abs(Fraction(bound, times.timescale) * 1_000_000 - rounded) <= Fraction(1, 2)


class TestDecimal:
    @pytest.mark.parametrize(
        ("seconds", "text"),
        [(Fraction(4), "4.000000"), (Fraction(1001, 30000), "0.033367"), (Fraction(1, 3), "0.333334")],
    )
    def test_rounds_up_to_the_last_place(self, seconds, text) -> None:
        assert decimal(seconds) == text
