const STUCK_MS = 4_000;

/**
 * Seeks again where the browser holds what was sought and does not show it: of what was thrown away and put back at
 * that moment it sometimes takes no notice. Returns what ends it.
 */
export function keepSeeking(video: HTMLVideoElement): () => void {
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const look = () => {
    if (!video.seeking || video.error) return;
    if (holds(video.buffered, video.currentTime)) {
      const sought = video.currentTime;
      video.currentTime = sought; // which is another seek, and begins to wait anew
    } else wait();
  };
  const wait = () => {
    clearTimeout(waiting);
    waiting = setTimeout(look, STUCK_MS);
  };
  video.addEventListener("seeking", wait);
  return () => {
    clearTimeout(waiting);
    video.removeEventListener("seeking", wait);
  };
}

function holds(buffered: TimeRanges, time: number): boolean {
  for (let index = 0; index < buffered.length; index++) {
    if (buffered.start(index) <= time && time < buffered.end(index)) return true;
  }
  return false;
}
