from fractions import Fraction

import pytest
from tests.unit.media.plans import plan

from matinee.media.storyboard import MAX_TILES, make_storyboard, storyboard_vtt

HOUR = 3600


class TestLayout:
    def test_a_short_video_has_a_tile_for_every_cell(self) -> None:
        """24 s are six cells: one row of six tiles on one sheet."""
        board = make_storyboard(plan(24))
        assert (board.tiles, board.columns, board.rows, board.sheets) == (6, 6, 1, 1)

    @pytest.mark.parametrize("seconds", [1, 4, 399, 400, 2400, 2404, 2 * HOUR, 12 * HOUR, 240 * HOUR])
    def test_the_number_of_pictures_is_bounded_whatever_the_length(self, seconds: int) -> None:
        """And they cover the whole video, each once."""
        made = plan(seconds)
        board = make_storyboard(made)
        assert 1 <= board.tiles <= MAX_TILES
        assert board.sheets <= 6
        assert board.tile_start(0, made.grid) == 0
        assert board.tile_start(board.tiles, made.grid) == made.grid.duration
        starts = [board.tile_start(tile, made.grid) for tile in range(board.tiles + 1)]
        assert starts == sorted(set(starts))
        sheets = [tile for sheet in range(board.sheets) for tile in board.sheet_tiles(sheet)]
        assert sheets == list(range(board.tiles))

    def test_a_tile_shows_the_middle_of_the_cells_it_stands_for(self) -> None:
        """Two hours are 1800 cells, three a tile."""
        made = plan(2 * HOUR)
        board = make_storyboard(made)
        assert board.cells_per_tile == 3
        assert [board.tile_cell(tile, made.grid) for tile in (0, 1, board.tiles - 1)] == [1, 4, 1798]

    @pytest.mark.parametrize(
        ("size", "tile"), [((1920, 1080), (160, 90)), ((1080, 1920), (90, 160)), ((640, 480), (160, 120))]
    )
    def test_tiles_have_the_shape_of_the_picture(self, size: tuple[int, int], tile: tuple[int, int]) -> None:
        """160 pixels on the longer side."""
        board = make_storyboard(plan(60, size=size))
        assert (board.tile_width, board.tile_height) == tile

    def test_sound_alone_has_none(self) -> None:
        """There is nothing to show."""
        with pytest.raises(LookupError):
            make_storyboard(plan(60, size=None))


class TestVtt:
    def test_cues_follow_each_other_and_name_their_place(self) -> None:
        """The second row of the first sheet begins with the eleventh tile."""
        made = plan(Fraction(4 * 101) + Fraction(3, 2))
        text = storyboard_vtt(make_storyboard(made), made.grid)
        cues = text.split("\n\n")
        assert cues[0] == "WEBVTT"
        assert cues[1] == "00:00:00.000 --> 00:00:04.000\nstoryboard/0.jpg#xywh=0,0,160,90"
        assert cues[11] == "00:00:40.000 --> 00:00:44.000\nstoryboard/0.jpg#xywh=0,90,160,90"
        assert cues[101] == "00:06:40.000 --> 00:06:44.000\nstoryboard/1.jpg#xywh=0,0,160,90"
        assert cues[-1].startswith("00:06:44.000 --> 00:06:45.500\n")
