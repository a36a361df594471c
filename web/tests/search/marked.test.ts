import { describe, expect, it } from "vitest";
import { pageFor } from "../../build/page-routes";
import { pieces } from "../../src/search/marked";

describe("a text with matches", () => {
  it("is cut where they begin and end, in whole characters", () => {
    expect(pieces("🌊 the sea", [[6, 9]])).toEqual([
      { text: "🌊 the ", isMatch: false },
      { text: "sea", isMatch: true },
    ]);
  });

  it("is one piece without any", () => {
    expect(pieces("sea", [])).toEqual([{ text: "sea", isMatch: false }]);
    expect(pieces("", [])).toEqual([]);
  });
});

it("has a page of its own", () => {
  expect(pageFor("/search")).toBe("/search.html");
});
