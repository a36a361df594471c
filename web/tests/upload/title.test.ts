import { describe, expect, it } from "vitest";
import { titleFrom } from "../../src/upload/title";

describe("the first title", () => {
  it.each([
    ["my_holiday.2024.mp4", "my holiday 2024"],
    [".mp4", ".mp4"],
    [`${"x".repeat(120)}.mov`, "x".repeat(100)],
  ])("of %s", (filename, title) => {
    expect(titleFrom(filename)).toBe(title);
  });
});
