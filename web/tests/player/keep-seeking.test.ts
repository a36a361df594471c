import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keepSeeking } from "../../src/player/keep-seeking";

/** What of a video matters here: it counts its seeks, and none of them ends by itself. */
class Stuck extends EventTarget {
  seeking = false;
  error = null;
  seeks = 0;
  buffered = { length: 1, start: () => 5, end: () => 24 };
  #time = 0;

  get currentTime(): number {
    return this.#time;
  }

  set currentTime(time: number) {
    this.#time = time;
    this.seeks += 1;
    this.seeking = true;
    this.dispatchEvent(new Event("seeking"));
  }
}

describe("a seek that does not end", () => {
  let video: Stuck;
  let end: () => void;

  beforeEach(() => {
    vi.useFakeTimers();
    video = new Stuck();
    end = keepSeeking(video as unknown as HTMLVideoElement);
  });

  afterEach(() => {
    end();
    vi.useRealTimers();
  });

  it("is made again while the browser holds what was sought", () => {
    video.currentTime = 5.02;
    vi.advanceTimersByTime(9_000);
    expect([video.currentTime, video.seeks]).toEqual([5.02, 3]);
    video.seeking = false;
    vi.advanceTimersByTime(60_000);
    expect(video.seeks).toBe(3);
  });

  it("waits for what has not come yet", () => {
    video.currentTime = 30;
    vi.advanceTimersByTime(60_000);
    expect(video.seeks).toBe(1);
    video.buffered = { length: 1, start: () => 28, end: () => 40 };
    vi.advanceTimersByTime(4_000);
    expect(video.seeks).toBe(2);
  });

  it("is left alone when the player is gone", () => {
    video.currentTime = 5.02;
    end();
    vi.advanceTimersByTime(60_000);
    expect(video.seeks).toBe(1);
  });
});
