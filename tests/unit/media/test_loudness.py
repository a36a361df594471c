"""Where a sound is listened to, and what gain follows, without FFmpeg."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import msgspec
import pytest
from tests.unit.media.plans import plan, sound

from matinee.media.loudness import (
    MOST_GAIN,
    WINDOWS,
    Loudness,
    gain_for,
    loudness_argv,
    read_summaries,
    windows,
    with_gains,
)

SAID = """[ebur128@s0 @ 0x5566] Summary:

  Integrated loudness:
    I:         -23.4 LUFS
    Threshold: -34.8 LUFS

  True peak:
    Peak:      -18.1 dBFS
[ebur128@s1 @ 0x5577] Summary:

  Integrated loudness:
    I:         -70.0 LUFS

  True peak:
    Peak:       -inf dBFS
"""


class TestWindows:
    def test_they_are_spread_over_a_film(self) -> None:
        """One in each tenth, so that neither titles nor credits decide, and at uneven distances."""
        heard = windows(Fraction(3600))
        assert len(heard) == WINDOWS
        assert all(360 * tenth <= start <= 360 * (tenth + 1) - 3 for tenth, (start, _) in enumerate(heard))
        starts = [start for start, _ in heard]
        assert len({after - before for before, after in pairwise(starts)}) > 1

    def test_what_is_short_is_heard_as_a_whole(self) -> None:
        assert windows(Fraction(20)) == [(Fraction(0), Fraction(20))]

    def test_heavy_pictures_make_them_shorter(self) -> None:
        """So that it is never much more that is read of a source."""
        light, heavy = windows(Fraction(3600), 10**9), windows(Fraction(3600), 40 * 10**9)
        assert light[0][1] == 3
        assert heavy[0][1] == 1

    def test_what_cannot_be_entered_is_heard_at_its_beginning(self) -> None:
        assert windows(Fraction(3600), seekable=False) == [(Fraction(0), Fraction(30))]


class TestMeasuring:
    def test_each_sound_is_mixed_as_it_will_be(self) -> None:
        """All windows of all sounds by one process."""
        sounds = [msgspec.structs.replace(sound(), stream=2), msgspec.structs.replace(sound(), stream=2, channels=6)]
        argv = loudness_argv("ffmpeg", "/f", "mov", sounds, windows(Fraction(3600)), max_pixels=1)
        graph = argv[argv.index("-filter_complex") + 1]
        assert argv.count("-i") == WINDOWS
        assert "[0:2][1:2]" in graph
        assert "ochl=stereo,ebur128@s0" in graph
        assert "ochl=5.1,ebur128@s1" in graph

    def test_what_it_says_is_read_by_sound(self) -> None:
        sounds = [sound(), msgspec.structs.replace(sound(), name="audio2")]
        read = read_summaries(SAID, sounds)
        assert read["audio"] == Loudness(-23.4, -18.1)
        assert read["audio2"].integrated == -70


class TestGain:
    @pytest.mark.parametrize(
        ("integrated", "peak", "gain"),
        [
            (-23.0, -20.0, 7.0),
            (-10.0, 0.0, -6.0),
            (-16.9, -3.0, 0.0),
            (-15.1, 0.0, 0.0),
            (-23.0, -4.0, 3.0),
            (-23.0, -1.5, 0.0),
            (-50.0, -40.0, MOST_GAIN),
            (-70.0, float("-inf"), 0.0),
        ],
        ids=["louder", "softer", "near", "near above", "up to its peak", "no room", "at most", "silence"],
    )
    def test_it_brings_a_sound_to_the_target(self, integrated: float, peak: float, gain: float) -> None:
        """Within what its peaks leave room for, and never by more than is sane."""
        assert gain_for(Loudness(integrated, peak), -16.0) == gain

    def test_what_was_not_measured_stays(self) -> None:
        assert gain_for(None, -16.0) == 0

    def test_a_copied_sound_is_encoded_only_for_a_gain(self) -> None:
        """A plan without open gains, with a sentence for each."""
        copied = msgspec.structs.replace(sound(44_100, first_sample=-100), gain_db=None)
        made = plan(60, audio=copied)
        same = with_gains(made, {"audio": Loudness(-16.5, -2.0)}, -16.0)
        assert same.sounds == (msgspec.structs.replace(copied, gain_db=0.0),)
        louder = with_gains(made, {"audio": Loudness(-26.0, -20.0)}, -16.0).sounds[0]
        assert (louder.passthrough, louder.gain_db, louder.first_sample, louder.sample_rate) == (False, 10, 0, 48_000)
        assert "10.0 dB louder" in with_gains(made, {"audio": Loudness(-26.0, -20.0)}, -16.0).reasons[-1]
