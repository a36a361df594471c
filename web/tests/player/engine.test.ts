import { describe, expect, it } from "vitest";
import { levelLabel } from "../../src/player/engine";

describe("the label of a level", () => {
  it.each([
    [[1920, 1080, 30, 5e6], "1080p"],
    [[1280, 720, 59.94, 5e6], "720p60"],
    [[720, 1280, 25, 5e6], "720p"],
    [[0, 0, 0, 128_000], "128 kbit/s"],
  ] as const)("for %o is %s", ([width, height, frameRate, bitrate], label) => {
    expect(levelLabel(width, height, frameRate, bitrate)).toBe(label);
  });
});
