import { beforeEach, describe, expect, it, vi } from "vitest";

const USER = {
  id: "u1",
  email: "ada@example.org",
  name: "Ada",
  role: "USER",
  created_at: "2026-01-01T00:00:00Z",
};

/** The session module as a fresh page load has it, with a server that answers refreshes in turn. */
async function freshPage(options: { signedIn: boolean; answers: (() => Response)[] }) {
  const kept = new Map<string, string>(options.signedIn ? [["matinee.signed-in", "1"]] : []);
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  });
  const answers = [...options.answers];
  const fetch = vi.fn(async () => answers.shift()?.() ?? new Response(null, { status: 500 }));
  vi.stubGlobal("fetch", fetch);
  vi.resetModules();
  return { session: await import("../../src/api/session"), fetch, kept };
}

const tokens =
  (access_token: string, expires_in = 900) =>
  () =>
    Response.json({ access_token, token_type: "Bearer", expires_in, refresh_token: "r", user: USER });

const refused = () => Response.json({ title: "No session", status: 401, code: "x" }, { status: 401 });

beforeEach(() => {
  vi.stubGlobal("navigator", { userAgent: "test" });
});

describe("the access token", () => {
  it("is not asked for by a visitor who never signed in", async () => {
    const { session, fetch } = await freshPage({ signedIn: false, answers: [] });
    expect(await session.accessToken()).toBeNull();
    expect(fetch).not.toHaveBeenCalled();
  });

  it("is fetched once for calls made at the same time", async () => {
    const { session, fetch } = await freshPage({ signedIn: true, answers: [tokens("a")] });
    expect(await Promise.all([session.accessToken(), session.accessToken()])).toEqual(["a", "a"]);
    expect(fetch).toHaveBeenCalledTimes(1);
  });

  it("is renewed shortly before it expires", async () => {
    const { session } = await freshPage({ signedIn: true, answers: [tokens("a", 20), tokens("b")] });
    expect(await session.accessToken()).toBe("a");
    expect(await session.accessToken()).toBe("b");
  });

  it("is renewed after the server refused it", async () => {
    const { session } = await freshPage({ signedIn: true, answers: [tokens("a"), tokens("b")] });
    await session.accessToken();
    session.discardToken("a");
    expect(await session.accessToken()).toBe("b");
  });

  it("never reaches storage", async () => {
    const { session, kept } = await freshPage({ signedIn: true, answers: [tokens("secret")] });
    await session.accessToken();
    expect([...kept.values()].join()).not.toContain("secret");
  });
});

describe("a session that has ended", () => {
  it("turns the visitor anonymous, and is not asked for again", async () => {
    const { session, fetch } = await freshPage({ signedIn: true, answers: [refused] });
    expect(await session.currentUser()).toBeNull();
    expect(await session.currentUser()).toBeNull();
    expect(fetch).toHaveBeenCalledTimes(1);
  });
});

describe("an unreachable server", () => {
  it("leaves the session for a later attempt", async () => {
    const failing = () => new Response(null, { status: 503 });
    const { session } = await freshPage({ signedIn: true, answers: [failing, tokens("a")] });
    await expect(session.accessToken()).rejects.toThrow();
    expect(await session.accessToken()).toBe("a");
  });
});
