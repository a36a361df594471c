import { describe, expect, it } from "vitest";
import { decodeBlurhash } from "../../src/player/blurhash";

describe("decodeBlurhash", () => {
  it("paints one colour where there is one wave", () => {
    const white = decodeBlurhash("00TSUA", 2, 1);
    expect([...(white ?? [])]).toEqual([255, 255, 255, 255, 255, 255, 255, 255]);
    const black = decodeBlurhash("000000", 1, 1);
    expect([...(black ?? [])]).toEqual([0, 0, 0, 255]);
  });

  it("paints what grows lighter to the right as such", () => {
    // of the server's own making: a ramp from black to white
    const pixels = decodeBlurhash(RAMP, 32, 1) ?? [];
    const levels = [...pixels].filter((_, index) => index % 4 === 0);
    expect(levels[2]).toBeLessThan(60);
    expect(levels[29]).toBeGreaterThan(200);
    expect(levels.slice(4, 28).every((level, at, all) => at === 0 || level >= (all[at - 1] ?? 0))).toBe(true);
  });

  it("refuses what is none", () => {
    for (const text of ["", "0", "00TSU", "LEHV6nWB2yk8", "üüüüüü"])
      expect(decodeBlurhash(text, 4, 4)).toBeNull();
  });
});

const RAMP = "LxH2cr00xuWBofWBj[fQfQfQfQfQ";
