/** Which sound to play. Pure, but for the memory of what this viewer chose last. */
import type { SoundChoice } from "./engine";
import { languageName } from "./languages";

const MEMORY = "matinee.sound";

/** What the menu says of a sound: its own name, else its language's in the viewer's own words. */
export function soundLabel(sound: SoundChoice, locale?: string): string {
  const named = sound.name && !isTag(sound);
  return named ? sound.name : languageName(sound.language, locale) || "Sound";
}

/** The sound to begin with: in the language that the viewer chose last, else the video's default. */
export function firstSound(sounds: readonly SoundChoice[], remembered: string | null): number {
  const start = sounds.find((sound) => sound.default) ?? sounds[0];
  if (!remembered || start?.language === remembered) return start?.index ?? 0;
  return (sounds.find((sound) => sound.language === remembered) ?? start)?.index ?? 0;
}

let thisPage: string | null = null; // where storage is closed (a frame on another site)

export function rememberSound(sound: SoundChoice): void {
  thisPage = sound.language;
  try {
    localStorage.setItem(MEMORY, sound.language);
  } catch {
    // It lasts as long as the page.
  }
}

export function rememberedSound(): string | null {
  try {
    return localStorage.getItem(MEMORY);
  } catch {
    return thisPage;
  }
}

/** Playlists name a sound by its language's tag where nobody named it. */
function isTag({ name, language }: SoundChoice): boolean {
  return name === language;
}
