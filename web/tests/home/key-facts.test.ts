import { expect, test } from "vitest";
import { keyFacts, works } from "../../src/home/key-facts";

const NOW = Date.parse("2026-03-10T12:00:00Z");
const key = { created_at: "2026-03-01T12:00:00Z", expires_at: null, last_used_at: null, revoked_at: null };

test("a key works until it expires or is revoked", () => {
  expect(works(key, NOW)).toBe(true);
  expect(works({ ...key, expires_at: "2026-03-10T12:00:00Z" }, NOW)).toBe(false);
  expect(works({ ...key, revoked_at: "2026-03-09T12:00:00Z" }, NOW)).toBe(false);
});

test("its life is told in a line", () => {
  const used = { ...key, last_used_at: "2026-03-10T11:55:00Z" };
  expect(keyFacts(key, NOW)).toBe("Never used · does not expire");
  expect(keyFacts({ ...used, expires_at: "2026-06-08T12:00:00Z" }, NOW)).toBe(
    "Last used 5 minutes ago · expires Jun 8, 2026",
  );
  expect(keyFacts({ ...used, expires_at: "2026-03-09T12:00:00Z" }, NOW)).toContain("expired 1 day ago");
  expect(keyFacts({ ...key, revoked_at: "2026-03-10T11:00:00Z" }, NOW)).toContain("revoked 1 hour ago");
});
