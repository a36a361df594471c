/** Where an item of a playlist goes that is moved. Pure. */
import type { PlaylistPlace } from "../api/types";

/** The place at `to` among the others, as the server is told it: beside what is shown there, whatever is not shown. */
export function placeAt(items: readonly string[], moved: string, to: number): PlaylistPlace {
  const others = items.filter((item) => item !== moved);
  const after = others[to - 1];
  return after ? { after } : { before: others[0] ?? null };
}
