/**
 * The playback token that opens this page's video, where it needs one: of a link that its owner signed, or for a
 * password. It stands before the paths of all that is asked of the video.
 */
import { API, ApiError, send } from "./http";
import type { PlaybackToken } from "./types";

const RETRY_MS = 5000;
const ANY_PREFIX = /^\/t\/[^/]+(?=\/)/;

let prefix = "";
let expiresAt = Number.POSITIVE_INFINITY;

/** What stands before the paths of the video; empty where it needs no token. */
export const passPrefix = (): string => prefix;

/** How long it opens the video if it is not renewed; for ever where nobody knows. */
export const passSeconds = (): number => (expiresAt - Date.now()) / 1000;

/** Uses the token of a signed link. Nobody can renew it here. */
export function usePass(token: string): void {
  prefix = `/t/${encodeURIComponent(token)}`;
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
  expiresAt = Date.now() + made.expires_in * 1000;
  setTimeout(() => void renew(id), made.expires_in * 500); // at half of its life, by whatever clock
}

async function renew(id: string): Promise<void> {
  try {
    await adopt(id, `${prefix}${API}/videos/${encodeURIComponent(id)}/playback-tokens`, {});
  } catch (error) {
    // refused: the password was changed, or told a day ago; the player will say that it cannot go on
    const isRefused = error instanceof ApiError && [401, 403, 404].includes(error.status);
    if (!isRefused) setTimeout(() => void renew(id), RETRY_MS);
  }
}
