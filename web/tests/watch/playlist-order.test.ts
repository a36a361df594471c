import { describe, expect, it } from "vitest";
import type { PlaylistItem, VideoSummary } from "../../src/api/types";
import { addressIn } from "../../src/ui/playlists";
import { beside } from "../../src/watch/playlist-order";

/** Letters are videos, capitals those that cannot be played yet, dots empty places. */
function items(text: string): PlaylistItem[] {
  return [...text].map((letter, at) => ({
    id: `item-${at}`,
    position: at + 1,
    added_at: "",
    video: letter === "." ? null : video(letter),
  }));
}

function video(id: string): VideoSummary {
  return { id, playback: id === id.toLowerCase() ? {} : null } as VideoSummary;
}

describe("what stands beside a video in a playlist", () => {
  it.each([
    ["abc", "b", "a", "c"],
    ["abc", "a", undefined, "b"],
    ["abc", "c", "b", undefined],
    ["a.Bc..D", "c", "a", undefined],
    ["..b", "x", undefined, "b"],
    ["", "x", undefined, undefined],
  ])("of %s, beside %s, is %s and %s", (list, current, previous, next) => {
    const found = beside(items(list), current);
    expect([found.previous?.id, found.next?.id]).toEqual([previous, next]);
  });

  it("tells which place it has", () => {
    expect(beside(items(".ab"), "b").current?.position).toBe(3);
  });
});

it("is watched at an address that names the playlist", () => {
  expect(addressIn("p", video("a"))).toBe("/watch/a?list=p");
  expect(addressIn("p", video("a"), true)).toBe("/watch/a?list=p&autoplay=1");
});
