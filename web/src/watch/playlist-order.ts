/** What comes before and behind a video in a playlist. Pure. */
import type { PlaylistItem } from "../api/types";

/** The nearest that can be watched, in either direction; behind a video that is not there comes the first. */
export function beside(items: readonly PlaylistItem[], video: string) {
  const at = items.findIndex((item) => item.video?.id === video);
  return {
    current: items[at] ?? null,
    previous: items.slice(0, Math.max(at, 0)).filter(canBeWatched).at(-1)?.video ?? null,
    next: items.slice(at + 1).find(canBeWatched)?.video ?? null,
  };
}

function canBeWatched(item: PlaylistItem): boolean {
  return !!item.video?.playback;
}
