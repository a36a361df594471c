import { describe, expect, it } from "vitest";
import type { Download, RenditionProgress } from "../../src/api/types";
import { downloadRows, offerState } from "../../src/watch/download-rows";

function rendition(name: string, height: number | null, codecs = "avc1.64001f"): RenditionProgress {
  return {
    name,
    kind: height ? "video" : "audio",
    width: height && (height * 16) / 9,
    height,
    frame_rate: height && 25,
    codecs,
    bandwidth: 1,
    cells: 1,
    copied: false,
    cells_stored: 1,
    percent: 100,
    speed: null,
    left_out: null,
  };
}

function offer(name: string, state: Download["state"], percent = 100): Download {
  const size = state === "ready" ? 1_400_000 : null;
  const failure = state === "failed" ? "Some of the video could not be made." : null;
  return { name, state, percent, size, failure, path: `/${name}`, offered_at: "2026-11-25T00:00:00Z" };
}

const RENDITIONS = [rendition("v240", 240), rendition("v720", 720), rendition("audio", null)];

describe("the files of a video", () => {
  it("are told apart where there are several sounds", () => {
    const sounds = ["audio", "audio2"].map((name) => rendition(name, null));
    const rows = downloadRows({ items: [], possible: ["audio", "audio2"] }, sounds);
    expect(rows.map(({ label }) => label)).toEqual(["Sound 1", "Sound 2"]);
  });

  it("are all that could be offered for its owner, the best first", () => {
    const possible = ["v240", "v720", "audio", "original"];
    const rows = downloadRows({ items: [offer("v720", "preparing", 40)], possible }, RENDITIONS);
    expect(rows.map(({ label }) => label)).toEqual(["720p", "240p", "Sound", "Original"]);
    expect(rows.map((row) => offerState(row.offer))).toEqual([
      "being made, 40 %",
      "not offered",
      "not offered",
      "not offered",
    ]);
  });

  it("are those that can be fetched for anybody else", () => {
    const items = [offer("audio", "ready"), offer("v240", "preparing"), offer("v720", "ready")];
    const rows = downloadRows({ items, possible: [] }, RENDITIONS);
    expect(rows.map(({ name }) => name)).toEqual(["v720", "audio"]);
    expect(offerState(rows[0]?.offer ?? null)).toBe("1.4 MB");
  });

  it("are told apart by their codec", () => {
    const several = [rendition("v720", 720), rendition("v720-av1", 720, "av01.0.05M.08")];
    const rows = downloadRows({ items: [], possible: ["v720", "v720-av1"] }, several);
    expect(rows.map(({ label }) => label)).toEqual(["720p AV1", "720p"]);
  });

  it("say why they could not be made", () => {
    expect(offerState(offer("v240", "failed"))).toBe("Some of the video could not be made.");
  });
});
