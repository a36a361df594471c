import { describe, expect, it } from "vitest";
import { mediaType } from "../../src/upload/media-type";

describe("the media type of a file", () => {
  it.each([
    [{ name: "a.MKV", type: "" }, "video/x-matroska"],
    [{ name: "a.ts", type: "text/vnd.trolltech.linguist" }, "video/mp2t"],
    [{ name: "film", type: "video/webm" }, "video/webm"],
    [{ name: "a.xyz", type: "video/unheard-of" }, "application/octet-stream"],
    [{ name: "film", type: "" }, "application/octet-stream"],
  ])("of %o is %s", (file, type) => {
    expect(mediaType(file)).toBe(type);
  });
});
