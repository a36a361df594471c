"""The storyboard: small pictures of the whole video on a few sheets, for the time line of a player. Pure.

A tile shows the keyframe of one cell. A video of up to 40 minutes has a tile for every cell; a longer one for every
second cell, every third and so on: the number of tiles, and so of sheets, is bounded whatever the length.
"""

from __future__ import annotations

from fractions import Fraction

import msgspec

from .model import Grid, Plan

VERSION = 1
MAX_TILES = 600  # more: larger downloads for a hover; fewer: a film's scenes fall between them
SHEET_SIDE = 10  # tiles a sheet is wide and high at most: 1600 × 900 pixels, some 400 kB
TILE_SIDE = 160  # pixels of a tile's longer side


class Storyboard(msgspec.Struct, frozen=True):
    """Which pictures there are and where they lie. Stored beside the video, so that other rules may come later."""

    version: int
    cells_per_tile: int
    tiles: int
    columns: int
    rows: int
    """Of every sheet but the last, which has as many as it needs."""
    tile_width: int
    tile_height: int

    @property
    def sheets(self) -> int:
        """How many sheets there are."""
        return -(-self.tiles // (self.columns * self.rows))

    @property
    def tile_bytes(self) -> int:
        """Of a tile's pixels, as 4:2:0 with 8 bits."""
        return self.tile_width * self.tile_height * 3 // 2

    def sheet_tiles(self, sheet: int) -> range:
        """The tiles of a sheet, in reading order."""
        full = self.columns * self.rows
        return range(sheet * full, min((sheet + 1) * full, self.tiles))

    def tile_cell(self, tile: int, grid: Grid) -> int:
        """The cell whose keyframe a tile shows: the middle one of those that it stands for."""
        return min(tile * self.cells_per_tile + self.cells_per_tile // 2, grid.cells - 1)

    def tile_start(self, tile: int, grid: Grid) -> Fraction:
        """Seconds from which on a tile stands; for `tile == tiles`, where the last one ends."""
        return grid.cell_start(min(tile * self.cells_per_tile, grid.cells))

    def tile_place(self, tile: int) -> tuple[int, int, int]:
        """The sheet of a tile, and its left and upper edge there in pixels."""
        sheet, place = divmod(tile, self.columns * self.rows)
        row, column = divmod(place, self.columns)
        return sheet, column * self.tile_width, row * self.tile_height


def make_storyboard(plan: Plan) -> Storyboard:
    """The storyboard of a plan. LookupError where it has no picture."""
    if not plan.video:
        raise LookupError("the plan has no video rendition")
    cells = plan.grid.cells
    cells_per_tile = -(-cells // MAX_TILES)
    tiles = -(-cells // cells_per_tile)
    columns = min(SHEET_SIDE, tiles)
    rung = plan.video[0]
    longer = max(rung.width, rung.height)
    return Storyboard(
        version=VERSION,
        cells_per_tile=cells_per_tile,
        tiles=tiles,
        columns=columns,
        rows=min(SHEET_SIDE, -(-tiles // columns)),
        tile_width=even(Fraction(rung.width * TILE_SIDE, longer)),
        tile_height=even(Fraction(rung.height * TILE_SIDE, longer)),
    )


def storyboard_vtt(board: Storyboard, grid: Grid, query: str = "") -> str:
    """The WebVTT that thumbnail plug-ins of players read; addresses are relative to its own and end in `query`."""
    cues = []
    for tile in range(board.tiles):
        sheet, left, top = board.tile_place(tile)
        span = f"{_clock(board.tile_start(tile, grid))} --> {_clock(board.tile_start(tile + 1, grid))}"
        area = f"{left},{top},{board.tile_width},{board.tile_height}"
        cues.append(f"{span}\nstoryboard/{sheet}.jpg{query}#xywh={area}\n")
    return "\n".join(["WEBVTT\n", *cues])


def even(pixels: Fraction) -> int:
    """The nearest even number of pixels, at least 2: chroma has half of them."""
    return max(2, 2 * round(pixels / 2))


def _clock(seconds: Fraction) -> str:
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    minutes, second = divmod(whole, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{second:02}.{milliseconds:03}"
