import { describe, expect, it } from "vitest";
import type { Encoding } from "../../src/api/types";
import { ceiling } from "../../src/player/ceiling";
import type { Level } from "../../src/player/engine";

const LEVELS: Level[] = [240, 480, 720].map((height, index) => ({
  index,
  label: `${height}p`,
  width: (height * 16) / 9,
  height,
  bitrate: height * 1000,
  frameRate: 30,
  codecs: "",
}));

function encoding(stored: number[], state: Encoding["state"] = "running"): Encoding {
  const renditions = LEVELS.map(({ width, height, bitrate }, index) => ({
    name: `v${height}`,
    kind: "video" as const,
    width,
    height,
    frame_rate: 30,
    codecs: "",
    bandwidth: bitrate,
    copied: false,
    cells: 25,
    cells_stored: stored[index] ?? 0,
    percent: 0,
    speed: null,
    left_out: null,
  }));
  return { state, percent: 50, seconds_left: null, waiting_for: null, renditions, notes: [] };
}

const LARGE = 2160;
const DURATION = 97; // a cell of 1 s and 24 of 4 s

describe("the ceiling of automatic quality", () => {
  it("is absent on a large screen once everything is encoded", () => {
    expect(ceiling(LEVELS, LARGE, null, 0, DURATION)).toBeNull();
    expect(ceiling(LEVELS, LARGE, encoding([], "complete"), 0, DURATION)).toBeNull();
  });

  it("is absent where the rest is made when it is watched", () => {
    expect(ceiling(LEVELS, LARGE, encoding([25, 0, 0], "resting"), 0, DURATION)).toBeNull();
  });

  it("is the smallest level that fills the screen", () => {
    expect(ceiling(LEVELS, 300, null, 0, DURATION)).toBe(1);
    expect(ceiling(LEVELS, 200, null, 0, DURATION)).toBe(0);
  });

  it("stays with levels that reach some cells ahead of the viewer", () => {
    expect(ceiling(LEVELS, LARGE, encoding([25, 10, 4]), 20, DURATION)).toBe(1);
    expect(ceiling(LEVELS, LARGE, encoding([25, 10, 4]), 1, DURATION)).toBeNull();
    expect(ceiling(LEVELS, LARGE, encoding([25, 10, 4]), 2, DURATION)).toBe(1);
  });

  it("asks for no more than the end of the video", () => {
    expect(ceiling(LEVELS, LARGE, encoding([25, 25, 24]), 96, DURATION)).toBe(1);
    expect(ceiling(LEVELS, LARGE, encoding([25, 25, 25]), 96, DURATION)).toBeNull();
  });

  it("is the lowest level when nothing reaches that far", () => {
    expect(ceiling(LEVELS, LARGE, encoding([1, 0, 0]), 50, DURATION)).toBe(0);
  });

  it("knows no limit without levels", () => {
    expect(ceiling([], LARGE, null, 0, DURATION)).toBeNull();
  });
});
