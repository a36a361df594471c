import type { Encoding, RenditionProgress } from "../api/types";
import type { Level } from "./engine";

const AHEAD_S = 12; // three cells: less, and the player outruns the encoder
const OPENING_S = 1; // of films that were planned before it was so short: then a little less is believed than is there

/**
 * The highest level that automatic quality should take, or null for no limit: no more pixels than the screen
 * shows, and nothing that is still to be encoded ahead of the viewer. A viewer who picks a quality is not bound.
 */
export function ceiling(
  levels: readonly Level[],
  screenHeight: number,
  encoding: Encoding | null,
  position: number,
  duration: number,
): number | null {
  if (levels.length === 0) return null;
  const limits = [sizeCeiling(levels, screenHeight), storedCeiling(levels, encoding, position, duration)];
  const lowest = Math.min(...limits);
  return lowest >= levels.length - 1 ? null : lowest;
}

/** The smallest level that fills the screen. */
function sizeCeiling(levels: readonly Level[], screenHeight: number): number {
  const filling = levels.findIndex((level) => level.height >= screenHeight);
  return filling < 0 ? levels.length - 1 : filling;
}

/** The highest level whose cells reach far enough ahead of the viewer; the lowest if none does. */
function storedCeiling(
  levels: readonly Level[],
  encoding: Encoding | null,
  position: number,
  duration: number,
): number {
  // What rests is made ahead of whoever watches it; and what is made too slowly, the player finds slow.
  if (!encoding || ["complete", "resting", "cancelled"].includes(encoding.state)) return levels.length - 1;
  const needed = Math.min(duration, position + AHEAD_S);
  const reaches = (level: Level) => {
    const rendition = encoding.renditions.find((candidate) => isLevel(candidate, level));
    return !rendition || reach(rendition.cells_stored, rendition.cells, duration) >= needed;
  };
  for (let index = levels.length - 1; index > 0; index--) {
    const level = levels[index];
    if (level && reaches(level)) return index;
  }
  return 0;
}

/** Seconds that so many of a rendition's cells reach, which are encoded front to back: the first lasts one second. */
function reach(stored: number, cells: number, duration: number): number {
  if (stored === 0) return 0;
  return stored >= cells ? duration : OPENING_S + ((stored - 1) * (duration - OPENING_S)) / (cells - 1);
}

function isLevel(rendition: RenditionProgress, level: Level): boolean {
  const fits = rendition.width === level.width && rendition.height === level.height;
  return rendition.kind === "video" && fits && level.codecs.startsWith(rendition.codecs);
}
