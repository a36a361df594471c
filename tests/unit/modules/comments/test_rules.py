"""What a comment may hold and when it is seen."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples

from matinee.modules.comments.rules import clean, counted, first_state


class TestCleaning:
    @pytest.mark.parametrize(
        ("typed", "kept"),
        [
            ("  Nice <b>film</b>! https://example.org  ", "Nice <b>film</b>! https://example.org"),
            ("one\r\ntwo\u2028three  \n\n\n\nfour", "one\ntwo\nthree\n\nfour"),
            ("a\tb\x00c\x1bd", "a bcd"),
            ("safe\u202egnp.exe\u2066x\u2069", "safegnp.exex"),
            ("zero\u200bwidth\ufeff\u00ad", "zerowidth"),
            ("e\u0301", "é"),
            ("👩\u200d💻 می\u200cخواهم", "👩\u200d💻 می\u200cخواهم"),
            ("Z" + "\u0335" * 40, "Z" + "\u0335" * 8),
        ],
    )
    def test_what_is_seen_is_all_that_there_is(self, typed: str, kept: str) -> None:
        """Markup and addresses are text like any other."""
        assert clean(typed) == kept

    @pytest.mark.parametrize("typed", [" \n\t ", "\u202e\u200b", "\u200d\u200c", "\u0301", "\u3164\u2800"])
    def test_nothing_to_read_is_nothing(self, typed: str) -> None:
        assert clean(typed) == ""

    @given(st.text(max_size=60))
    @examples(200, a_second=2000)
    def test_any_text_is_clean_after_it_was_cleaned(self, typed: str) -> None:
        """A second time changes nothing; no control character and no mark of direction is left."""
        text = clean(typed)
        assert clean(text) == text
        assert not any(unicodedata.category(c) == "Cc" for c in text.replace("\n", ""))
        assert not set(text) & set("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class TestStates:
    def test_only_where_they_are_held_do_others_wait(self) -> None:
        assert first_state("held", moderates=False) == "held"
        assert first_state("held", moderates=True) == first_state("open", moderates=False) == "shown"

    def test_who_hides_a_top_comment_hides_what_is_below_it(self) -> None:
        """And a tombstone does not count, what answers it does."""
        assert counted("shown", 3, None) == 4
        assert counted("deleted", 3, None) == 3
        assert counted("hidden", 3, None) == counted("held", 3, None) == 0
        assert counted("shown", 0, "hidden") == 0
        assert counted("shown", 0, "deleted") == 1
