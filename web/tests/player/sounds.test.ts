import { describe, expect, it } from "vitest";
import type { SoundChoice } from "../../src/player/engine";
import { firstSound, soundLabel } from "../../src/player/sounds";

const sound = (index: number, language: string, name = language, isDefault = index === 0): SoundChoice => ({
  index,
  name,
  language,
  default: isDefault,
});

describe("soundLabel", () => {
  it("says the name, or the language in the viewer's words", () => {
    expect(soundLabel(sound(0, "de", "Kommentar"), "en")).toBe("Kommentar");
    expect(soundLabel(sound(0, "de"), "en")).toBe("German");
    expect(soundLabel(sound(0, "", "Sound"), "en")).toBe("Sound");
  });
});

describe("firstSound", () => {
  const sounds = [sound(0, "en"), sound(1, "de"), sound(2, "de", "Kommentar")];

  it("is the default until the viewer has chosen a language", () => {
    expect(firstSound(sounds, null)).toBe(0);
    expect(firstSound(sounds, "fr")).toBe(0);
  });

  it("is the first in the language that was chosen last", () => {
    expect(firstSound(sounds, "de")).toBe(1);
  });

  it("is the default of several in that language", () => {
    expect(
      firstSound(
        [sound(0, "de"), sound(1, "de", "Kommentar", true)].map((s, i) => ({ ...s, default: i === 1 })),
        "de",
      ),
    ).toBe(1);
  });
});
