/** A text in pieces, of which some are what was looked for. `matches`: [start, end) in code points, in order. */
export function pieces(text: string, matches: number[][]): { text: string; isMatch: boolean }[] {
  const points = [...text];
  const cut = (start: number, end: number, isMatch: boolean) => ({
    text: points.slice(start, end).join(""),
    isMatch,
  });
  const made: { text: string; isMatch: boolean }[] = [];
  let at = 0;
  for (const [start = 0, end = 0] of matches) {
    made.push(cut(at, start, false), cut(start, end, true));
    at = end;
  }
  made.push(cut(at, points.length, false));
  return made.filter((piece) => piece.text !== "");
}
