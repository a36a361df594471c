import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { EngineFault, Source } from "../../src/player/engine";
import { NativeEngine } from "../../src/player/native-engine";

const MINUTES = 10;

/** What the engine needs of a media element. */
class Screen extends EventTarget {
  textTracks = new (class extends EventTarget {
    [Symbol.iterator] = () => [][Symbol.iterator]();
  })();
  currentTime = 0;
  playbackRate = 1;
  paused = true;
  error = { code: 2, message: "refused" };
  addresses: string[] = [];

  set src(address: string) {
    this.addresses.push(address);
    this.currentTime = 0;
    this.playbackRate = 1;
    this.paused = true;
  }

  hasAttribute = () => this.addresses.length > 0;
  removeAttribute = () => undefined;
  load = () => undefined;
  play = async () => {
    this.paused = false;
    this.dispatchEvent(new Event("play"));
  };
}

describe("the browser's own player", () => {
  const faults: EngineFault[] = [];
  let screen: Screen;
  let engine: NativeEngine;
  let tokens: (() => string)[];

  beforeEach(async () => {
    vi.useFakeTimers();
    vi.stubGlobal("window", globalThis);
    vi.stubGlobal("MediaError", { MEDIA_ERR_NETWORK: 2 });
    faults.length = 0;
    screen = new Screen();
    let made = 0;
    tokens = [];
    const carried = async () => {
      const token = tokens.shift()?.() ?? `token${++made}`;
      return { hls: `/t/${token}/master.m3u8`, seconds: MINUTES * 60 };
    };
    const listener = {
      onLevels: vi.fn(),
      onTexts: vi.fn(),
      onSounds: vi.fn(),
      onLevelChange: vi.fn(),
      onFault: (fault: EngineFault) => faults.push(fault),
    };
    const source = { carried } as unknown as Source;
    engine = new NativeEngine(screen as unknown as HTMLVideoElement, source, listener);
    await vi.advanceTimersByTimeAsync(0);
  });

  afterEach(() => {
    engine.destroy();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("gets an address with a token, and another one before that ends, where the picture stands", async () => {
    await screen.play();
    screen.currentTime = 500;
    screen.playbackRate = 1.5;
    await vi.advanceTimersByTimeAsync((MINUTES - 0.5) * 60_000);
    screen.dispatchEvent(new Event("loadedmetadata"));
    expect(screen.addresses).toEqual(["/t/token1/master.m3u8", "/t/token2/master.m3u8"]);
    expect([screen.currentTime, screen.playbackRate, screen.paused]).toEqual([500, 1.5, false]);
    expect(faults).toEqual([]);
  });

  it("is left alone while it is paused", async () => {
    await vi.advanceTimersByTimeAsync(2 * MINUTES * 60_000);
    expect(screen.addresses.length).toBe(1);
    await screen.play();
    await vi.advanceTimersByTimeAsync(0);
    expect(screen.addresses.length).toBe(2);
  });

  it("tries another address where the token has ended under it, and tells when that does not help", async () => {
    await vi.advanceTimersByTimeAsync(60_000);
    screen.dispatchEvent(new Event("error"));
    await vi.advanceTimersByTimeAsync(0);
    expect(screen.addresses.length).toBe(2);
    screen.dispatchEvent(new Event("error"));
    expect(faults.map(({ kind }) => kind)).toEqual(["network"]);
  });

  it("stops where there is no other token: whoever may no longer watch is cut off", async () => {
    await screen.play();
    tokens = [
      () => {
        throw new Error("There is no such video.");
      },
    ];
    await vi.advanceTimersByTimeAsync(MINUTES * 60_000);
    expect(faults).toEqual([{ kind: "network", detail: "Error: There is no such video." }]);
  });
});
