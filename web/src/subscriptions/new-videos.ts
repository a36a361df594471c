const MOST_COUNTED = 99; // so many, or more

/** How many videos of a channel are new, as its row says it; empty where none is. Pure. */
export function newVideos(count: number): string {
  if (count === 0) return "";
  return count < MOST_COUNTED ? `${count} new` : `${MOST_COUNTED}+ new`;
}
