import { describe, expect, it } from "vitest";
import { lineAt, scrollFor } from "../../src/watch/transcript-lines";

const lines = [
  { start: 1, end: 2, text: "one" },
  { start: 2, end: 3.5, text: "two" },
  { start: 8, end: 9, text: "three" },
];

describe("the line at a moment", () => {
  it.each([
    [0, -1],
    [1, 0],
    [1.99, 0],
    [2, 1],
    [5, 1],
    [8, 2],
    [100, 2],
  ])("of second %d is %d", (seconds, place) => {
    expect(lineAt(lines, seconds)).toBe(place);
  });

  it("of nothing is none", () => {
    expect(lineAt([], 5)).toBe(-1);
  });
});

describe("the list", () => {
  const list = { scrolled: 300, height: 300 };

  it("stays where the line is in sight", () => {
    expect(scrollFor({ top: 300, height: 44 }, list)).toBeNull();
    expect(scrollFor({ top: 556, height: 44 }, list)).toBeNull();
  });

  it("brings a line from above or below into its upper third", () => {
    expect(scrollFor({ top: 299, height: 44 }, list)).toBe(199);
    expect(scrollFor({ top: 557, height: 44 }, list)).toBe(457);
  });

  it("never goes above its beginning", () => {
    expect(scrollFor({ top: 10, height: 44 }, list)).toBe(0);
  });
});
