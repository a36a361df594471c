import { describe, expect, it } from "vitest";
import { addressOf, asked, isFiltered } from "../../src/search/wanted";

const NOW = Date.parse("2026-03-10T12:00:00Z");
const query = (address: string) => Object.fromEntries(asked(new URLSearchParams(address), NOW));

describe("what the search page asks for", () => {
  it("has figures for length and age, and all else as it stands in the address", () => {
    expect(query("q=sea&length=medium&age=week&tag=coast&sort=newest")).toEqual({
      q: "sea",
      min_duration: "240",
      max_duration: "1200",
      created_after: "2026-03-03T12:00:00.000Z",
      tag: "coast",
      sort: "newest",
    });
  });

  it("leaves out what it does not know", () => {
    expect(query("q=sea&length=endless&age=tomorrow")).toEqual({ q: "sea" });
  });

  it("stands in the address without what says nothing", () => {
    const fields: [string, string][] = [
      ["q", "sea & sun"],
      ["sort", ""],
      ["tag", " coast "],
    ];
    expect(addressOf(fields)).toBe("/search?q=sea+%26+sun&tag=coast");
  });

  it("is narrowed by more than words and order", () => {
    expect(isFiltered(new URLSearchParams("q=sea&sort=views"))).toBe(false);
    expect(isFiltered(new URLSearchParams("q=sea&captions=en"))).toBe(true);
  });
});
