import { describe, expect, it } from "vitest";
import { missingParts, partRange } from "../../src/upload/parts";

const layout = { fileSize: 25, partSize: 10, partCount: 3 };

describe("the bytes of a part", () => {
  it("begin where the part before ends", () => {
    expect(partRange(layout, 1)).toEqual({ start: 0, end: 10 });
    expect(partRange(layout, 2)).toEqual({ start: 10, end: 20 });
  });

  it("end with the file in the last part", () => {
    expect(partRange(layout, 3)).toEqual({ start: 20, end: 25 });
  });
});

describe("the parts still to be sent", () => {
  it("are all of them at first", () => {
    expect(missingParts(layout, [])).toEqual([1, 2, 3]);
  });

  it("leave out what is stored", () => {
    const stored = [
      { part_number: 3, size: 5 },
      { part_number: 1, size: 10 },
    ];
    expect(missingParts(layout, stored)).toEqual([2]);
  });

  it("include a stored part of another size", () => {
    expect(missingParts(layout, [{ part_number: 1, size: 7 }])).toEqual([1, 2, 3]);
  });
});
