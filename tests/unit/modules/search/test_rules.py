"""Words, queries, slips and snippets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.modules.search.rules import (
    MOST_CHARACTERS,
    MOST_WORDS,
    SNIPPET,
    Line,
    Marker,
    Term,
    fold,
    nearest,
    neighbours,
    passages,
    phrase_query,
    popularity_of,
    preferred_language,
    read_lines,
    read_query,
    slips,
    snippet,
    tokens,
    vector_of,
    words_of,
    words_query,
    write_lines,
)


class TestWords:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("A Walk, by the SEA!", ("a", "walk", "by", "the", "sea")),
            ("Málaga Łódź Øresund", ("malaga", "lodz", "oresund")),
            ("straße", ("strasse",)),
            ("東京の夜", ("東京", "京の", "の夜")),
            ("夜 film", ("夜", "film")),
            ("it's 4k_60", ("it", "s", "4k", "60")),
            ("—…", ()),
        ],
    )
    def test_are_read_without_case_and_accents(self, text: str, words: tuple[str, ...]) -> None:
        """Of scripts without spaces each two characters are one."""
        assert words_of(text) == words

    @given(st.text())
    def test_stand_where_they_are_said_to(self, text: str) -> None:
        """In the text as it is, whatever it holds."""
        for token in tokens(text):
            assert fold(text[token.start : token.end]).startswith(token.word)


class TestQuery:
    def test_has_words_phrases_and_exclusions(self) -> None:
        """The last word may be unfinished, unless something stands behind it."""
        assert read_query('walk "by the sea" -rain nig') == [
            Term(("walk",)),
            Term(("by", "the", "sea")),
            Term(("rain",), is_excluded=True),
            Term(("nig",), is_open=True),
        ]
        assert read_query("sea ") == [Term(("sea",))]
        assert read_query('"" - !') == []
        for text in ("a " * 100, f'"{"a " * 100}"'):
            assert sum(len(term.words) for term in read_query(text)) == MOST_WORDS

    def test_is_written_for_the_index(self) -> None:
        """A word is any of its lexemes; a phrase that is not wanted excludes no word of it."""
        terms = read_query('sea -"by night" -rain ')
        lexemes = {"sea": ["sea", "~sea"]}
        assert words_query(terms, lexemes) == "(('sea' | '~sea')) & !(('rain'))"
        assert phrase_query([terms[1]], {}, " & ") == "(('by') <-> ('night'))"
        assert words_query([], {}) is None
        assert words_query([Term(("o'neil\\",))], {}) == "(('o''neil\\\\'))"


class TestSlips:
    @pytest.mark.parametrize(
        ("word", "other", "count"),
        [("sea", "sea", 0), ("sea", "see", 1), ("sea", "esa", 1), ("harbour", "harbor", 1), ("harbour", "habrou", 2)],
    )
    def test_are_counted(self, word: str, other: str, count: int) -> None:
        """A letter too many, too few, another, or two in the wrong order."""
        assert slips(word, other) == slips(other, word) == count

    def test_neighbours_are_one_away(self) -> None:
        """All of them."""
        assert all(slips("sail", other) == 1 for other in neighbours("sail"))
        assert {"sali", "sal", "snail", "soil"} <= neighbours("sail")

    def test_the_nearest_is_meant_and_of_those_the_commonest(self) -> None:
        """Nothing that is too far away."""
        known = [("harbour", 3), ("harvest", 90), ("harbors", 50)]
        assert nearest("harbuor", known) == "harbour"
        assert nearest("mountain", known) is None
        assert nearest("sae", [("sea", 1), ("same", 9)]) == "same"


class TestMarker:
    def test_meets_words_and_those_that_begin_so(self) -> None:
        """At their places, as far from the first as is asked for."""
        marker = Marker(["sea"], ["walk"])
        assert marker.mark("Walking, by the SEA, the seal") == [(0, 7), (16, 19)]
        assert marker.mark("Walking, by the SEA, the seal", 10) == [(0, 7)]
        assert Marker(["京の"], ["東京"]).mark("東京の夜") == [(0, 3)]

    @given(st.text())
    def test_finds_whatever_a_text_says(self, text: str) -> None:
        """In any script."""
        for word in words_of(text):
            assert Marker([word], []).mark(text)


class TestSnippet:
    @given(st.lists(st.sampled_from(["sea", "far", "夜景", "x" * 90]), max_size=60).map(" ".join))
    def test_holds_the_first_match(self, text: str) -> None:
        """In 160 characters, at its place."""
        ranges = Marker(["sea"], []).mark(text)
        part = snippet(text, ranges)
        assert len(part.text) <= SNIPPET
        assert all(part.text[start:end] == "sea" for start, end in part.ranges)
        assert bool(part.ranges) == bool(ranges)


class TestPassages:
    def test_are_about_a_minute_and_not_without_end(self) -> None:
        """What is said after four hours of speech is not looked at."""
        lines = [Line(second * 1000, "word " * 10) for second in range(0, 40_000, 5)]
        made = list(passages(lines))
        assert all(part[-1].milliseconds - part[0].milliseconds <= 60_000 for part in made)
        assert sum(len(line.text) for part in made for line in part) <= MOST_CHARACTERS

    def test_are_read_as_they_were_written(self) -> None:
        """A line each, whatever breaks it had."""
        assert read_lines(write_lines([Line(1500, "Good\nevening."), Line(65_000, "So.")])) == [
            Line(1500, "Good evening."),
            Line(65_000, "So."),
        ]


def test_a_vector_has_words_stems_and_tags() -> None:
    """Each text a place behind the other, so that no phrase reaches over."""
    made = vector_of(["Two dogs", "dogs"], lambda word: ["dog"] if word == "dogs" else [], ["Pets"])
    assert made == "'two':1 'dogs':2,4 '~dog':2,4 '#pets'"


def test_popularity_grows_by_steps() -> None:
    """Eight to each doubling."""
    assert [popularity_of(views) for views in (0, 1, 3, 1000, 1001, 2001)] == [0, 8, 16, 79, 79, 87]


@pytest.mark.parametrize(
    ("header", "language"), [(None, None), ("de-CH,en;q=0.8", "de-CH"), ("tlh, fr;q=0.5", "fr"), ("*", None)]
)
def test_the_first_language_with_endings_is_taken(header: str | None, language: str | None) -> None:
    """Of an Accept-Language."""
    assert preferred_language(header) == language
