"""How words with times become cues."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from matinee.media.captions.break_lines import LINE_WIDTH, LONGEST, PAUSE, break_lines, width
from matinee.media.captions.markup import plain
from matinee.media.captions.model import Cue
from matinee.media.speech.words import Word


def said(text: str, *, start: int = 0, each: int = 300) -> list[Word]:
    """Words that follow each other at once."""
    return [Word(start + n * each, start + (n + 1) * each, f" {word}") for n, word in enumerate(text.split())]


def texts(cues: list[Cue]) -> list[str]:
    return [cue.text for cue in cues]


class TestBreakLines:
    def test_a_short_sentence_is_one_line(self) -> None:
        """With the times of its words."""
        assert break_lines(said("The sea was calm.", start=500)) == [Cue(500, 1700, "The sea was calm.")]

    def test_silence_is_no_cue(self) -> None:
        """Nor is a word that says nothing."""
        assert break_lines([]) == []
        assert break_lines([Word(0, 500, " ")]) == []

    def test_a_longer_one_has_two_lines_of_about_a_length(self) -> None:
        """Not one full line and a word below it."""
        cues = break_lines(said("The fishermen left the harbour before the sun came up.", each=200))
        assert texts(cues) == ["The fishermen left the harbour\nbefore the sun came up."]

    def test_a_sentence_ends_a_cue(self) -> None:
        """The next one begins the next."""
        cues = break_lines(said("Nobody expected the storm. It came at noon.", each=200))
        assert texts(cues) == ["Nobody expected the storm.", "It came at noon."]

    def test_a_word_alone_is_shown_with_what_follows(self) -> None:
        """Or it would flash by."""
        assert texts(break_lines(said("No. We will stay here."))) == ["No. We will stay here."]

    def test_a_pause_ends_a_cue(self) -> None:
        """Whatever the sentence."""
        cues = break_lines([*said("and then"), *said("he spoke", start=600 + PAUSE)])
        assert texts(cues) == ["and then", "he spoke"]

    def test_what_takes_more_is_broken_behind_a_comma(self) -> None:
        """The rest is the next cue."""
        text = "By noon the wind had turned to the north and grown, the old captain told all of his crew to take nets"
        cues = break_lines(said(text, each=250))
        assert texts(cues)[0].endswith("grown,")
        assert " ".join(" ".join(texts(cues)).split()) == text

    def test_a_short_cue_stays_for_a_second(self) -> None:
        """Where nothing follows; or until something does."""
        assert break_lines(said("Oh.", each=100)) == [Cue(0, 1000, "Oh.")]
        first, _ = break_lines([Word(0, 100, " Oh."), Word(850, 1200, " Yes.")])
        assert (first.start, first.end) == (0, 850)

    def test_wide_characters_take_two_places(self) -> None:
        """And languages without spaces are broken between words."""
        cues = break_lines([Word(n * 100, n * 100 + 100, "海は静か") for n in range(12)])
        assert all(width(line) <= LINE_WIDTH for cue in cues for line in cue.text.split("\n"))
        assert "".join(texts(cues)).replace("\n", "") == "海は静か" * 12

    def test_marks_are_no_markup(self) -> None:
        """What is said cannot be a tag."""
        assert texts(break_lines([Word(0, 900, " a<b>"), Word(900, 1800, " & --> c")])) == [
            "a&lt;b&gt; &amp; --&gt; c"
        ]

    @given(
        st.lists(
            st.tuples(
                st.integers(0, 3000),
                st.integers(0, 12_000),
                st.text("abcé海.,?!<b>&'", min_size=1, max_size=60),
            ),
            max_size=40,
        )
    )
    def test_whatever_is_heard_can_be_read(self, heard: list[tuple[int, int, str]]) -> None:
        """Two lines of a width, seven seconds, in order, none over another, and no word lost."""
        at, words = 0, []
        for pause, lasts, text in heard:
            at += pause
            words.append(Word(at, at + lasts, f" {text}"))
            at += lasts
        cues = break_lines(words)
        for cue in cues:
            lines = cue.text.split("\n")
            assert len(lines) <= 2
            assert all(width(plain(line)) <= LINE_WIDTH for line in lines)
            assert 0 < cue.end - cue.start <= LONGEST
        assert all(one.end <= other.start for one, other in pairwise(cues))
        spoken = "".join(word.text.strip() for word in words)
        assert "".join("".join(plain(cue.text).split()) for cue in cues) == spoken
