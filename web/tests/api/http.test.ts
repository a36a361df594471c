import { describe, expect, it, vi } from "vitest";
import { send } from "../../src/api/http";

/** What a call sends. */
async function sent(body: unknown): Promise<Request> {
  const fetch = vi.fn(async (_path: string, _init: RequestInit) => new Response(null, { status: 204 }));
  vi.stubGlobal("fetch", fetch);
  await send("/a", { method: "PUT", body });
  const [path, init] = fetch.mock.calls[0] ?? ["", {}];
  return new Request(`http://page${path}`, init);
}

describe("the body of a call", () => {
  it("is a file as it is, of its own type", async () => {
    const request = await sent(new Blob([new Uint8Array([137, 80, 78, 71])], { type: "image/png" }));
    expect(request.headers.get("Content-Type")).toBe("image/png");
    expect([...new Uint8Array(await request.arrayBuffer())]).toEqual([137, 80, 78, 71]);
  });

  it("is JSON otherwise", async () => {
    const request = await sent({ handle: null });
    expect(request.headers.get("Content-Type")).toBe("application/json");
    expect(await request.json()).toEqual({ handle: null });
  });
});
