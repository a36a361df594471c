from uuid import UUID

import pytest

from matinee.media import keys

VIDEO = UUID("0190b6a2-7f1f-7a3e-9d6c-0c2a5b7e1f11")


class TestKeys:
    def test_every_key_of_a_video_starts_with_its_prefix(self) -> None:
        made = [
            keys.source_key(VIDEO),
            keys.poster_key(VIDEO),
            keys.chosen_poster_key(VIDEO, "0a1b"),
            keys.thumbnail_key(VIDEO, "r1", "v720", 0, "320x180", "webp"),
            keys.sheet_key(VIDEO, 1, 0),
            keys.preview_key(VIDEO),
            keys.init_key(VIDEO, "r1", "v720"),
            keys.cell_key(VIDEO, "r1", "v720", 0),
        ]
        assert all(key.startswith(keys.video_prefix(VIDEO)) for key in made)
        assert len(set(made)) == len(made)

    def test_a_cell_lies_below_its_recipe_and_rendition(self) -> None:
        assert keys.cell_key(VIDEO, "r1", "v720", 12) == f"videos/{VIDEO}/r1/v720/12.m4s"
        assert keys.init_key(VIDEO, "r1", "v720") == f"videos/{VIDEO}/r1/v720/init.mp4"

    @pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../x", "-x", "a b", "a\n", "ü", "x" * 65])
    def test_a_name_that_is_no_plain_segment_is_refused(self, name: str) -> None:
        with pytest.raises(ValueError):
            keys.init_key(VIDEO, name, "v720")
        with pytest.raises(ValueError):
            keys.cell_key(VIDEO, "r1", name, 0)

    def test_a_negative_index_is_refused(self) -> None:
        with pytest.raises(ValueError):
            keys.cell_key(VIDEO, "r1", "v720", -1)
