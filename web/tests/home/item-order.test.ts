import { expect, it } from "vitest";
import { placeAt } from "../../src/home/item-order";

it.each([
  ["abcd", "c", 0, { before: "a" }],
  ["abcd", "a", 0, { before: "b" }],
  ["abcd", "a", 1, { after: "b" }],
  ["abcd", "d", 2, { after: "b" }],
  ["abcd", "b", 3, { after: "d" }],
  ["a", "a", 0, { before: null }],
] as const)("of %s, %s moved to %d stands there", (items, moved, to, place) => {
  expect(placeAt([...items], moved, to)).toEqual(place);
});
