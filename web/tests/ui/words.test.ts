import { describe, expect, it } from "vitest";
import {
  ago,
  amount,
  bytes,
  clock,
  counted,
  few,
  safeReturnPath,
  spokenTime,
  timeLeft,
} from "../../src/ui/words";

describe("a clock", () => {
  it.each([
    [0, "0:00"],
    [7.9, "0:07"],
    [754, "12:34"],
    [3723, "1:02:03"],
    [Number.NaN, "0:00"],
    [Number.POSITIVE_INFINITY, "0:00"],
  ])("shows %d as %s", (seconds, text) => {
    expect(clock(seconds)).toBe(text);
  });
});

describe("an amount that arrives", () => {
  it("tells the whole where that is known", () => {
    expect(amount(1_500_000, 48_000_000)).toBe("1.5 MB of 48.0 MB");
    expect(amount(1_500_000, null)).toBe("1.5 MB");
  });
});

describe("a spoken time", () => {
  it("leaves out what is zero", () => {
    expect(spokenTime(3601)).toBe("1 hour 1 second");
    expect(spokenTime(0)).toBe("0 seconds");
  });
});

describe("bytes", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1500, "1.5 kB"],
    [123_456_789, "123 MB"],
    [5_368_709_120, "5.4 GB"],
  ])("%d read as %s", (count, text) => {
    expect(bytes(count)).toBe(text);
  });
});

describe("time left", () => {
  it.each([
    [0.2, "almost done"],
    [12.3, "about 13 s left"],
    [200, "about 3 min left"],
    [7200, "about 2 h left"],
  ])("of %d s", (seconds, text) => {
    expect(timeLeft(seconds)).toBe(text);
  });
});

describe("a moment in the past", () => {
  const now = Date.parse("2026-01-31T12:00:00Z");

  it.each([
    ["2026-01-31T11:59:30Z", "just now"],
    ["2026-01-31T11:59:00Z", "1 minute ago"],
    ["2026-01-29T12:00:00Z", "2 days ago"],
    ["2026-02-01T12:00:00Z", "just now"],
  ])("%s is %s", (date, text) => {
    expect(ago(date, now)).toBe(text);
  });
});

describe("a count", () => {
  it.each([
    [1, "1 view"],
    [999, "999 views"],
    [1234, "1.2K views"],
    [1_250_000, "1.3M views"],
  ])("of %d is %s", (count, text) => expect(few(count, "view")).toBe(text));
});

describe("what waits", () => {
  it.each([
    [0, "Reported"],
    [1, "Reported · 1"],
    [99, "Reported · 99"],
    [100, "Reported · 99+"],
  ])("of %d is %s", (count, text) => expect(counted("Reported", count)).toBe(text));
});

describe("the way back after signing in", () => {
  const origin = "https://films.example";

  it("is a path of this site", () => {
    expect(safeReturnPath("/watch/1?t=9", origin)).toBe("/watch/1?t=9");
  });

  it.each(["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "", null])(
    "is never %j",
    (path) => {
      expect(safeReturnPath(path, origin)).toBeNull();
    },
  );
});
