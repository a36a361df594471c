import { describe, expect, it } from "vitest";
import { readAddress, readTime } from "../../src/watch/address";

describe("a watch address", () => {
  it("names the video and nothing else by default", () => {
    expect(readAddress("http://host/watch/0197-a")).toEqual({
      videoId: "0197-a",
      token: "",
      playlist: "",
      options: { engine: "hls", startAt: 0, autoplay: false, muted: false },
    });
  });

  it("may ask for an engine, a start and autoplay", () => {
    const { options } = readAddress("http://host/embed/x?engine=dash&t=1m30s&autoplay&muted=1");
    expect(options).toEqual({ engine: "dash", startAt: 90, autoplay: true, muted: true });
  });

  it("may name the playlist that it is watched in", () => {
    expect(readAddress("http://host/watch/x?list=0197-b").playlist).toBe("0197-b");
  });

  it("may carry a playback token", () => {
    expect(readAddress("http://host/watch/x?token=e30.e30.x").token).toBe("e30.e30.x");
  });

  it("carries no token with a seal: the server alone gives those, to an embed page", () => {
    expect(readAddress("http://host/embed/x?token=e30.e30.x.seal").token).toBe("");
  });

  it("takes hls.js for an unknown engine", () => {
    expect(readAddress("http://host/watch/x?engine=flash&autoplay=0").options).toMatchObject({
      engine: "hls",
      autoplay: false,
    });
  });
});

describe("a start time", () => {
  it.each([
    ["90", 90],
    ["90s", 90],
    ["1h2m3s", 3723],
    ["2m", 120],
    ["1.5", 1.5],
    ["", 0],
    ["-5", 0],
    ["soon", 0],
  ])("of %j is %d s", (text, seconds) => {
    expect(readTime(text)).toBe(seconds);
  });
});
