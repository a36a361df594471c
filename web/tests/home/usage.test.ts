import { expect, test } from "vitest";
import { usedParts } from "../../src/home/usage";

const usage = { bytes: 2_100_000_000, minutes: 12.5, videos: 3 };

test("without a quota there is nothing to show", () => {
  expect(usedParts({ ...usage, quota: { bytes: null, minutes: null } })).toEqual([]);
});

test("each limit tells what is used of it", () => {
  expect(usedParts({ ...usage, quota: { bytes: 5_000_000_000, minutes: 60 } })).toEqual([
    { name: "Storage", text: "2.1 GB of 5.0 GB", share: 0.42 },
    { name: "Length", text: "12.5 of 60 min", share: 12.5 / 60 },
  ]);
});

test("more than is allowed is full, and so is a quota of nothing", () => {
  const [storage, length] = usedParts({ ...usage, quota: { bytes: 1000, minutes: 0 } });
  expect([storage?.share, length?.share]).toEqual([1, 1]);
});
