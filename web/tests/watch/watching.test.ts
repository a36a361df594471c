import { describe, expect, it } from "vitest";
import { Watching } from "../../src/watch/watching";

function watch(duration: number) {
  const told: (string | number)[] = [];
  const watching = new Watching(duration, {
    onView: () => told.push("view"),
    onPosition: (seconds) => told.push(Math.round(seconds)),
  });
  const play = (from: number, to: number) => {
    for (let at = from; at <= to; at += 0.25) watching.at(at);
  };
  return { told, watching, play };
}

describe("Watching", () => {
  it("tells one view after ten seconds of playing, and the place each ten seconds", () => {
    const { told, play } = watch(600);
    play(0, 9.5);
    expect(told).toEqual([]);
    play(9.75, 25);
    expect(told).toEqual(["view", 10, 20]);
  });

  it("counts nothing that was skipped", () => {
    const { told, play } = watch(600);
    play(0, 4);
    play(300, 304);
    expect(told).toEqual([]);
  });

  it("takes nearly all of a short video for a view", () => {
    const { told, play } = watch(4);
    play(0, 3.75);
    expect(told).toEqual(["view"]);
  });

  it("tells the last place once when it stops", () => {
    const { told, watching, play } = watch(600);
    watching.stop();
    play(0, 3);
    watching.stop();
    watching.stop();
    expect(told).toEqual([3]);
  });
});
