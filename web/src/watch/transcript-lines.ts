/** The lines of a transcript. Pure. */
import type { TranscriptLine } from "../api/types";

/** The line that is said at a moment, or was said last, by its place; -1 before the first. */
export function lineAt(lines: readonly TranscriptLine[], seconds: number): number {
  let low = 0;
  let high = lines.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lines[middle]?.start ?? 0) <= seconds) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** How far a list is to be scrolled so that a line stands in its upper third; null where it is well in sight. */
export function scrollFor(
  line: { top: number; height: number },
  list: { scrolled: number; height: number },
): number | null {
  const above = line.top < list.scrolled;
  const below = line.top + line.height > list.scrolled + list.height;
  return above || below ? Math.max(0, line.top - list.height / 3) : null;
}
