/** The chapters of a video, as the time line and the menu show them. Pure. */

export interface Chapter {
  /** Seconds from the start of the video. */
  start: number;
  title: string;
}

/** The chapter on screen at a moment, by its place; -1 before the first. */
export function chapterAt(chapters: readonly Chapter[], seconds: number): number {
  let low = 0;
  let high = chapters.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((chapters[middle]?.start ?? 0) <= seconds) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
