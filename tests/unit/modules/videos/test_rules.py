"""The states of a video."""

import re
from pathlib import Path

import matinee
from matinee.modules.videos.rules import MOVES, can_move, distinct_tags

_SOURCES = Path(matinee.__file__).parent / "modules"
# `SET status = 'READY' … WHERE … status = 'PROCESSING'`, within one statement
_MOVE = re.compile(
    r"UPDATE videos SET status = '(\w+)'(?:(?!\"\"\").)*?AND status (?:=|IN) (\(?'[^\n]*?)(?: AND|\n)", re.DOTALL
)


def moves_in_sql() -> set[tuple[str, str]]:
    """Every (old, new) that a statement of ours makes."""
    texts = (path.read_text() for path in _SOURCES.glob("*/repository.py"))
    return {
        (old, new) for text in texts for new, former in _MOVE.findall(text) for old in re.findall(r"'(\w+)'", former)
    }


class TestMoves:
    def test_the_statements_make_exactly_the_moves_of_the_table(self) -> None:
        """Neither an UPDATE outside the table nor a move that nothing makes."""
        assert moves_in_sql() == {(old, new) for old, news in MOVES.items() for new in news}

    def test_every_statement_that_sets_a_status_names_the_old_one(self) -> None:
        """A lost race must change nothing."""
        texts = [path.read_text() for path in _SOURCES.glob("*/repository.py")]
        assert sum(text.count("SET status = '") for text in texts) == sum(len(_MOVE.findall(text)) for text in texts)

    def test_an_end_is_an_end(self) -> None:
        """FAILED leads only to another try; READY nowhere, but that a replacement may turn out to be none."""
        assert [new for new in MOVES if can_move("READY", new)] == ["FAILED"]
        assert [new for new in MOVES if can_move("FAILED", new)] == ["UPLOADING", "PROCESSING"]


class TestTags:
    def test_each_is_kept_once_as_it_was_written_first(self) -> None:
        assert distinct_tags([" Sea", "walks", "sEA ", "\u00a0", "STRASSE", "Straße"]) == ["Sea", "walks", "STRASSE"]
