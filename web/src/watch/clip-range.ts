/** The ends of a clip that is being marked. Pure. */
export interface ClipRange {
  start: number | null;
  end: number | null;
}

const SHORTEST_SECONDS = 0.5; // the server takes no less

/** `1:02.48`, so that a frame can be told. */
export function preciseClock(seconds: number): string {
  const hundredths = Math.round(Math.max(0, seconds) * 100);
  const two = (value: number) => String(value).padStart(2, "0");
  const [h, m, s] = [
    Math.floor(hundredths / 360_000),
    Math.floor(hundredths / 6000) % 60,
    Math.floor(hundredths / 100) % 60,
  ];
  return `${h > 0 ? `${h}:${two(m)}` : m}:${two(s)}.${two(hundredths % 100)}`;
}

/** A mark set at a moment; the other one goes where it would lie on the wrong side. */
export function marked(range: ClipRange, which: "start" | "end", seconds: number): ClipRange {
  const next = { ...range, [which]: seconds };
  if (next.start === null || next.end === null || next.start < next.end) return next;
  return which === "start" ? { start: seconds, end: null } : { start: null, end: seconds };
}

/** Why the clip cannot be made yet, as a sentence; null where it can. */
export function whyNot({ start, end }: ClipRange): string | null {
  if (start === null || end === null) return "Go to the first moment and mark it, then to the last.";
  return end - start < SHORTEST_SECONDS ? "A clip lasts half a second at least." : null;
}
