import { describe, expect, it } from "vitest";
import { marked, preciseClock, whyNot } from "../../src/watch/clip-range";

const NOTHING = { start: null, end: null };

describe("a clip that is being marked", () => {
  it("can be made once both ends are marked", () => {
    const range = marked(marked(NOTHING, "start", 3), "end", 5);
    expect(range).toEqual({ start: 3, end: 5 });
    expect(whyNot(range)).toBeNull();
    expect(whyNot(NOTHING)).toContain("mark it");
  });

  it("gives up a mark on the wrong side", () => {
    expect(marked({ start: 3, end: 5 }, "start", 7)).toEqual({ start: 7, end: null });
    expect(marked({ start: 3, end: 5 }, "end", 2)).toEqual({ start: null, end: 2 });
  });

  it("lasts half a second", () => {
    expect(whyNot({ start: 3, end: 3.4 })).toContain("half a second");
  });
});

describe("a precise clock", () => {
  it.each([
    [0, "0:00.00"],
    [62.48, "1:02.48"],
    [59.999, "1:00.00"],
    [3723.5, "1:02:03.50"],
    [-1, "0:00.00"],
  ])("tells %d s as %s", (seconds, text) => {
    expect(preciseClock(seconds)).toBe(text);
  });
});
