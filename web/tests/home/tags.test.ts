import { describe, expect, it } from "vitest";
import { LONGEST_TAG, MOST_TAGS, refusal, tagAddress, withTyped } from "../../src/home/tags";

describe("tags", () => {
  it("are divided by commas, each once whatever its case", () => {
    expect(withTyped(["Sea, sun"], " walks,  slow   film ,WALKS,, sea, sun")).toEqual([
      "Sea, sun",
      "walks",
      "slow film",
      "sea",
      "sun",
    ]);
  });

  it("are refused where the server would refuse them", () => {
    expect(refusal(["sea", "🌊".repeat(LONGEST_TAG)])).toBe("");
    expect(refusal(["x".repeat(LONGEST_TAG + 1)])).toContain("characters");
    expect(refusal(Array.from({ length: MOST_TAGS + 1 }, (_, number) => `${number}`))).toContain("20 tags");
  });

  it("lead to their videos", () => {
    expect(tagAddress("sea & sun")).toBe("/search?tag=sea+%26+sun");
  });
});
