import { ZxcvbnFactory } from "@zxcvbn-ts/core";
import { adjacencyGraphs } from "@zxcvbn-ts/language-common";
import passwords from "@zxcvbn-ts/language-common/dist/passwords.json.mjs";
import { translations } from "@zxcvbn-ts/language-en";
import words from "@zxcvbn-ts/language-en/dist/wikipedia.json.mjs";

export interface Strength {
  /** 0 to 4; the server refuses less than 3. */
  score: number;
  /** What makes it weak, as a sentence; empty where there is nothing to say. */
  warning: string;
}

const JUDGED = 40; // characters, as the server does
const APART = /[^\p{L}\p{N}]+/u;

// Of all lists these two come closest to the server's; those of names would be as large again and change little.
const zxcvbn = new ZxcvbnFactory({
  dictionary: { "passwords-common": passwords, "wikipedia-en": words },
  graphs: adjacencyGraphs,
  translations,
  l33tMaxSubstitutions: 10, // of 100, some passwords take over a second
});

/** How hard a password is to guess by who knows what is `about` its owner, as the server judges it. Slow: for a worker. */
export function judge(password: string, about: string[]): Strength {
  const known = [...about, "matinee"].flatMap((text) => [text, ...text.split(APART)]).filter(Boolean);
  const { score, feedback } = zxcvbn.check(password.slice(0, JUDGED), known);
  return { score, warning: feedback.warning ?? "" };
}
