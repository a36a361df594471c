import { describe, expect, it } from "vitest";
import { retryDelay, sleep } from "../../src/api/retry";

describe("the delay before a retry", () => {
  it("doubles with each failure", () => {
    expect([0, 1, 2, 3].map((failures) => retryDelay(failures, () => 1))).toEqual([500, 1000, 2000, 4000]);
  });

  it("is never longer than half a minute", () => {
    expect(retryDelay(50, () => 1)).toBe(30_000);
  });

  it("spreads clients over half of it", () => {
    expect(retryDelay(1, () => 0)).toBe(500);
  });
});

describe("sleeping", () => {
  it("ends at once when aborted", async () => {
    const controller = new AbortController();
    const sleeping = sleep(60_000, controller.signal);
    controller.abort();
    await expect(sleeping).rejects.toThrow("Aborted");
  });
});
