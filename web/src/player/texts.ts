/** Which text track to show. Pure, but for the memory of what this viewer chose last. */
import { NO_TEXT, type TextChoice } from "./engine";
import { languageName } from "./languages";

const MEMORY = "matinee.captions";
const OFF = "off";

/** What the menu says of a text track: its own name, else its language's in the viewer's own words. */
export function textLabel(text: TextChoice, locale?: string): string {
  const named = text.name && text.name !== text.language;
  const label = named ? text.name : languageName(text.language, locale) || "Subtitles";
  return text.captions && !/\bcc\b/i.test(label) ? `${label} (CC)` : label;
}

/**
 * The text track to begin with: in the language that the viewer chose last, else the one that the video begins with,
 * else words that the film takes for granted that everybody gets; else none.
 */
export function firstText(texts: readonly TextChoice[], remembered: string | null): number {
  const forced = texts.find((text) => text.forced)?.index ?? NO_TEXT;
  if (remembered === OFF) return forced;
  const full = texts.filter((text) => !text.forced);
  const chosen = full.find((text) => remembered !== null && text.language === remembered);
  return (chosen ?? texts.find((text) => text.default))?.index ?? forced;
}

/** The text track to switch to from `selected` when the viewer wants text on or off. */
export function toggledText(
  texts: readonly TextChoice[],
  selected: number,
  remembered: string | null,
): number {
  const forced = texts.find((text) => text.forced)?.index ?? NO_TEXT;
  if (selected !== NO_TEXT && selected !== forced) return forced;
  const full = texts.filter((text) => !text.forced);
  const wanted = full.find((text) => text.language === remembered) ?? full.find((text) => text.default);
  return (wanted ?? full[0])?.index ?? selected;
}

let thisPage: string | null = null; // where storage is closed (a frame on another site)

export function rememberText(text: TextChoice | undefined): void {
  thisPage = text && !text.forced ? text.language : OFF;
  try {
    localStorage.setItem(MEMORY, thisPage);
  } catch {
    // It lasts as long as the page.
  }
}

export function rememberedText(): string | null {
  try {
    return localStorage.getItem(MEMORY);
  } catch {
    return thisPage;
  }
}
