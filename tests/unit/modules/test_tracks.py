"""Chapters of a part, and of the whole again."""

from hypothesis import given
from hypothesis import strategies as st

from matinee.modules.tracks.rules import cut_chapters, restored_chapters
from matinee.modules.tracks.schemas import Chapter

WHOLE = [Chapter(0, "One"), Chapter(5, "Two"), Chapter(12, "Three")]

chapters = st.lists(st.integers(0, 100), unique=True).map(
    lambda starts: [Chapter(float(start), f"At {start}") for start in sorted(starts)]
)


class TestRestoredChapters:
    @given(chapters, st.integers(0, 50), st.integers(1, 50))
    def test_what_was_not_changed_is_as_it_was(self, whole: list[Chapter], start: int, length: int) -> None:
        """Wherever the part lay."""
        part = cut_chapters(whole, start, start + length)
        assert restored_chapters(part, whole, start, length) == whole

    def test_of_the_part_the_last_word_counts(self) -> None:
        """Before and behind it stands what was cut off; the chapter that it begins in goes on."""
        part = [Chapter(0, "One"), Chapter(2.5, "New")]
        assert restored_chapters(part, WHOLE, 3, 7) == [Chapter(0, "One"), Chapter(5.5, "New"), Chapter(12, "Three")]

    def test_another_beginning_is_a_chapter_of_its_own(self) -> None:
        """It was given another name."""
        part = [Chapter(0, "Other")]
        assert restored_chapters(part, WHOLE, 3, 7) == [Chapter(0, "One"), Chapter(3, "Other"), Chapter(12, "Three")]
