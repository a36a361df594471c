/**
 * The playback token that opens this page's video, where it needs one: of a link that its owner signed, or for a
 * password. It stands before the paths of all that is asked of the video.
 */
import { API, ApiError, send } from "./http";
import type { PlaybackToken } from "./types";

const RENEW_BEFORE_MS = 60_000;
const ANY_PREFIX = /^\/t\/[^/]+(?=\/)/;

let prefix = "";

/** What stands before the paths of the video; empty where it needs no token. */
export const passPrefix = (): string => prefix;

/** Uses the token of a signed link. Nobody can renew it here. */
export function usePass(token: string): void {
  prefix = `/t/${token}`;
}

/** Opens the video by its password, and keeps it open. Throws `ApiError` where it is not the password. */
export async function unlock(id: string, password: string): Promise<void> {
  await adopt(id, `${API}/videos/${encodeURIComponent(id)}/unlock`, { password });
}

/** The same address with the token that is valid now: those of a playlist hold the one that it was read with. */
export function readdressed(address: string): string {
  const url = new URL(address, location.href);
  if (!prefix || url.origin !== location.origin) return address;
  url.pathname = url.pathname.replace(ANY_PREFIX, prefix);
  return url.href;
}

async function adopt(id: string, path: string, body: unknown): Promise<void> {
  const response = await send(path, { method: "POST", body });
  const made = (await response.json()) as PlaybackToken;
  prefix = made.prefix;
  const left = Date.parse(made.expires_at) - Date.now() - RENEW_BEFORE_MS;
  setTimeout(() => void renew(id), Math.max(left, 1000));
}

async function renew(id: string): Promise<void> {
  try {
    await adopt(id, `${prefix}${API}/videos/${encodeURIComponent(id)}/playback-tokens`, {});
  } catch (error) {
    // refused: the password was changed, and the player will say that it cannot go on
    if (!(error instanceof ApiError)) setTimeout(() => void renew(id), 5000);
  }
}
