import { describe, expect, it } from "vitest";
import { isHandle, readHandle } from "../../src/channel/handle";

describe("a handle", () => {
  it.each([
    [" @Ada ", "ada"],
    ["low.tide_2-b", "low.tide_2-b"],
    ["@", null],
    ["  ", null],
  ])("typed as %o is %o", (typed, handle) => expect(readHandle(typed)).toBe(handle));

  it.each(["ada", "0-0", `a${"b".repeat(29)}`])("may be %s", (handle) => expect(isHandle(handle)).toBe(true));

  it.each(["ad", "a".repeat(31), "-ada", "ada.", "a da", "ädä", "@@ada"])("is not %s", (handle) =>
    expect(isHandle(handle)).toBe(false),
  );
});
