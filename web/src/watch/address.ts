import type { EngineChoice } from "../player/choose-engine";
import type { PlayerOptions } from "../player/player";

/** What a watch or embed address asks for: `/watch/{id}?engine=dash&t=90&autoplay&muted&token=…&list=…`. */
export interface WatchAddress {
  videoId: string;
  /** A playback token that somebody signed, or empty. */
  token: string;
  /** The playlist that it is watched in, or empty. */
  playlist: string;
  options: PlayerOptions;
}

export function readAddress(address: string): WatchAddress {
  const url = new URL(address);
  const engine: EngineChoice = url.searchParams.get("engine") === "dash" ? "dash" : "hls";
  return {
    videoId: decodeURIComponent(url.pathname.split("/")[2] ?? ""),
    token: readToken(url.searchParams.get("token") ?? ""),
    playlist: url.searchParams.get("list") ?? "",
    options: {
      engine,
      startAt: readTime(url.searchParams.get("t") ?? ""),
      autoplay: isOn(url.searchParams.get("autoplay")),
      muted: isOn(url.searchParams.get("muted")),
    },
  };
}

/**
 * Never one with a seal, a fourth part: that is for the player of an embed page that was opened from where its token
 * allows, and the server writes it into that page (`src/matinee/modules/tokens/seals.py`).
 */
function readToken(text: string): string {
  return text.split(".").length > 3 ? "" : text;
}

/** Seconds in `90`, `90s`, `1m30s` or `1h2m3s`; 0 for anything else. */
export function readTime(text: string): number {
  const match = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?$/.exec(text);
  if (!match) return 0;
  const [hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0));
  return (hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0);
}

/** A bare `?autoplay` is on, as are `1` and `true`. */
function isOn(value: string | null): boolean {
  return value !== null && !["0", "false", "no"].includes(value);
}
