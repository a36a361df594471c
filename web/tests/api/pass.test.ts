import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

const MINUTES = 10;

function answer(token: string): Response {
  const made = { token, prefix: `/t/${token}`, expires_in: MINUTES * 60, playback: null };
  return new Response(JSON.stringify(made), { status: 201 });
}

describe("a signed link", () => {
  it("is one part of the path, whatever it says", async () => {
    vi.resetModules();
    const { passPrefix, usePass } = await import("../../src/api/pass");
    usePass("../api/v1/videos/x/transcript.txt?");
    expect(passPrefix()).toBe("/t/..%2Fapi%2Fv1%2Fvideos%2Fx%2Ftranscript.txt%3F");
  });
});

describe("a password", () => {
  beforeEach(() => {
    vi.resetModules();
    vi.useFakeTimers();
    vi.stubGlobal("location", new URL("http://host/watch/x"));
  });

  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("opens the paths of the video, and is renewed before its token expires", async () => {
    const asked: string[] = [];
    vi.stubGlobal("fetch", async (path: string) => {
      asked.push(path);
      return answer(`token${asked.length}`);
    });
    const { passPrefix, readdressed, unlock } = await import("../../src/api/pass");
    await unlock("x", "winter garden");
    expect(passPrefix()).toBe("/t/token1");
    await vi.advanceTimersByTimeAsync((MINUTES / 2) * 60_000);
    expect(asked).toEqual(["/api/v1/videos/x/unlock", "/t/token1/api/v1/videos/x/playback-tokens"]);
    expect(readdressed("http://host/t/token1/playback/x/r4/v240/3.m4s")).toBe(
      "http://host/t/token2/playback/x/r4/v240/3.m4s",
    );
    expect(readdressed("http://storage/t/token1/3.m4s")).toBe("http://storage/t/token1/3.m4s");
  });
});
