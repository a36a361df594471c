import { describe, expect, it } from "vitest";
import { codecName, labelled, levelLabel } from "../../src/player/engine";

describe("the label of a level", () => {
  it.each([
    [[1920, 1080, 30, 5e6], "1080p"],
    [[1280, 720, 59.94, 5e6], "720p60"],
    [[720, 1280, 25, 5e6], "720p"],
    [[0, 0, 0, 128_000], "128 kbit/s"],
  ] as const)("for %o is %s", ([width, height, frameRate, bitrate], label) => {
    expect(levelLabel(width, height, frameRate, bitrate)).toBe(label);
  });
});

describe("the labels of all levels", () => {
  const level = (codecs: string) => ({
    index: 0,
    width: 1280,
    height: 720,
    bitrate: 1,
    frameRate: 25,
    codecs,
  });
  const labels = (...codecs: string[]) => labelled(codecs.map(level)).map(({ label }) => label);

  it("name no codec where there is one", () => {
    expect(labels("avc1.64001f,mp4a.40.2", "avc1.4d401e")).toEqual(["720p", "720p"]);
  });

  it("tell codecs apart where there are several", () => {
    expect(labels("avc1.64001f", "av01.0.05M.08")).toEqual(["720p H.264", "720p AV1"]);
    expect(codecName("hvc1.1.6.L93.90")).toBe("HEVC");
  });
});
