/** Names in a text, written `@Ada`. Pure. */

export interface Named {
  id: string;
  name: string;
}

/** A text in pieces; those that speak to somebody are marked. */
export interface Piece {
  text: string;
  isMention: boolean;
}

/** Whom of those who take part the text speaks to, ten at most. */
export function mentionsIn(text: string, people: readonly Named[]): string[] {
  const named = pieces(text, people).filter(({ isMention }) => isMention);
  const names = new Set(named.map((piece) => piece.text.slice(1)));
  const ids = people.filter(({ name }) => names.has(name)).map(({ id }) => id);
  return [...new Set(ids)].slice(0, 10);
}

/** The text, cut at the names of those who are mentioned; of two names that fit the longer counts. */
export function pieces(text: string, mentioned: readonly Named[]): Piece[] {
  const names = mentioned.map(({ name }) => `@${name}`).sort((a, b) => b.length - a.length);
  const found: Piece[] = [];
  let plain = "";
  for (let at = 0; at < text.length; ) {
    const name = names.find((name) => text.startsWith(name, at) && !isLetter(text, at + name.length));
    if (!name) {
      plain += text[at++];
      continue;
    }
    if (plain) found.push({ text: plain, isMention: false });
    plain = "";
    found.push({ text: name, isMention: true });
    at += name.length;
  }
  if (plain) found.push({ text: plain, isMention: false });
  return found;
}

function isLetter(text: string, at: number): boolean {
  return /^[\p{L}\p{N}]/u.test(text.slice(at, at + 2));
}
