import { describe, expect, it } from "vitest";
import type { Storyboard } from "../../src/api/types";
import { tileAt } from "../../src/player/storyboard";

const board: Storyboard = {
  tile_width: 160,
  tile_height: 90,
  columns: 10,
  rows: 10,
  tiles: 150,
  interval: 4,
  lead: 3,
  duration: 596,
  sheets: ["/0.jpg", "/1.jpg"],
};

describe("tileAt", () => {
  it("finds the tile of a moment", () => {
    expect(tileAt(board, 0)).toEqual({ sheet: 0, left: 0, top: 0 });
    expect(tileAt(board, 0.99)).toEqual({ sheet: 0, left: 0, top: 0 });
    expect(tileAt(board, 1)).toEqual({ sheet: 0, left: 160, top: 0 });
    expect(tileAt(board, 41.1)).toEqual({ sheet: 0, left: 160, top: 90 });
    expect(tileAt(board, 397)).toEqual({ sheet: 1, left: 0, top: 0 });
  });

  it("stays within the video", () => {
    expect(tileAt(board, 5000)).toEqual({ sheet: 1, left: 1440, top: 360 });
    expect(tileAt(board, -1)).toEqual({ sheet: 0, left: 0, top: 0 });
  });
});
