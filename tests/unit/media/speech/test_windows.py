"""How the sound is cut into windows, and what was heard in them joined."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.media.plans import plan, sound

from matinee.media.speech.windows import Window, join, windows_of
from matinee.media.speech.words import Word


def window(start: int, end: int) -> Window:
    return Window(0, 1, start, end)


class TestWindows:
    @pytest.mark.parametrize("seconds", [1, 59, 60, 61, 185, 3600])
    def test_they_cover_the_sound_and_overlap(self, seconds: int) -> None:
        """Each cell once and more at the seams, to the end."""
        audio = sound()
        made = windows_of(plan(seconds=seconds, audio=audio), audio)
        cells = plan(seconds=seconds, audio=audio).grid.cells
        assert (made[0].first, made[-1].stop) == (0, cells)
        assert made[0].start == 0
        for before, after in pairwise(made):
            assert after.first < before.stop
            assert 5_000 <= before.end - after.start <= 13_000
            assert before.start < after.start
        assert all(window.end - window.start <= 75_000 for window in made)


class TestJoin:
    def test_a_word_that_both_hear_is_there_once(self) -> None:
        """Also where they disagree a little about when."""
        left = [Word(58_000, 58_400, " one"), Word(58_500, 58_900, " two"), Word(60_500, 60_900, " three")]
        right = [Word(58_520, 58_930, " two"), Word(60_480, 60_880, " three"), Word(63_000, 63_400, " four")]
        joined = join([window(0, 62_000), window(58_000, 120_000)], [left, right])
        assert [word.text for word in joined] == [" one", " two", " three", " four"]

    def test_a_word_that_is_cut_is_taken_from_the_other(self) -> None:
        """What a window hears at its edge is the other's to tell."""
        left = [Word(58_000, 58_400, " har"), Word(61_700, 62_000, " list")]
        right = [Word(58_000, 58_100, " bour"), Word(61_700, 62_400, " listening")]
        joined = join([window(0, 62_000), window(58_000, 120_000)], [left, right])
        assert [word.text for word in joined] == [" har", " listening"]

    def test_silence_joins(self) -> None:
        """Nothing on either side, or on both."""
        windows = [window(0, 62_000), window(58_000, 122_000), window(118_000, 150_000)]
        word = Word(130_000, 130_400, " late")
        assert join(windows, [[], [], [word]]) == [word]
        assert join(windows, [[], [], []]) == []
        assert join([], []) == []

    @given(st.lists(st.integers(200, 3_000), min_size=1, max_size=200), st.randoms())
    def test_no_word_is_lost_or_doubled(self, gaps: list[int], random: object) -> None:
        """Where each window hears all of its words within a tenth of a second, and no pause is shorter than two."""
        words, at = [], 0
        for number, gap in enumerate(gaps):
            words.append(Word(at + gap, at + gap + 200, f" {number}"))
            at += gap + 200
        windows = [window(max(0, n * 60_000 - 4_000), (n + 1) * 60_000 + 4_000) for n in range(at // 60_000 + 1)]
        heard = [
            [
                Word(word.start + jitter, word.end + jitter, word.text)
                for word in words
                if part.start <= word.start and word.end <= part.end
                for jitter in [random.choice((-50, 0, 50))]  # type: ignore[attr-defined]
            ]
            for part in windows
        ]
        assert [word.text for word in join(windows, heard)] == [word.text for word in words]
