import { describe, expect, it } from "vitest";
import { chapterAt } from "../../src/player/chapters";
import { NO_TEXT, type TextChoice } from "../../src/player/engine";
import { firstText, textLabel, toggledText } from "../../src/player/texts";

const text = (index: number, language: string, more: Partial<TextChoice> = {}): TextChoice => ({
  index,
  name: language,
  language,
  captions: false,
  default: false,
  forced: false,
  ...more,
});

describe("the label of a text track", () => {
  it("is its own name, or its language's", () => {
    expect(textLabel(text(0, "de", { name: "Untertitel" }), "en")).toBe("Untertitel");
    expect(textLabel(text(0, "de"), "en")).toBe("German");
    expect(textLabel(text(0, "", { name: "" }), "en")).toBe("Subtitles");
  });

  it("tells that sounds are told", () => {
    expect(textLabel(text(0, "en", { captions: true }), "en")).toBe("English (CC)");
    expect(textLabel(text(0, "en", { captions: true, name: "English CC" }), "en")).toBe("English CC");
  });

  it("is the tag where a browser does not know it", () => {
    expect(textLabel(text(0, "zz"), "en")).toBe("zz");
  });
});

describe("the text track to begin with", () => {
  const texts = [text(0, "en"), text(1, "de", { default: true }), text(2, "fr", { forced: true })];

  it("is in the language chosen last", () => {
    expect(firstText(texts, "en")).toBe(0);
  });

  it("is the video's default, else what is forced, else none", () => {
    expect(firstText(texts, null)).toBe(1);
    expect(firstText(texts, "it")).toBe(1);
    expect(firstText([text(0, "en"), text(1, "fr", { forced: true })], null)).toBe(1);
    expect(firstText([text(0, "en")], null)).toBe(NO_TEXT);
  });

  it("is none, but what is forced, for who turned text off", () => {
    expect(firstText(texts, "off")).toBe(2);
    expect(firstText([text(0, "en", { default: true })], "off")).toBe(NO_TEXT);
  });
});

describe("the c key", () => {
  const texts = [text(0, "en"), text(1, "de"), text(2, "fr", { default: true })];

  it("turns text off and on again, in the language chosen last", () => {
    expect(toggledText(texts, 1, "de")).toBe(NO_TEXT);
    expect(toggledText(texts, NO_TEXT, "de")).toBe(1);
  });

  it("begins with the default, else the first", () => {
    expect(toggledText(texts, NO_TEXT, "off")).toBe(2);
    expect(toggledText([text(0, "en")], NO_TEXT, null)).toBe(0);
  });
});

describe("the chapter at a moment", () => {
  const chapters = [
    { start: 1, title: "a" },
    { start: 5, title: "b" },
  ];

  it.each([
    [0, -1],
    [1, 0],
    [4.9, 0],
    [5, 1],
    [99, 1],
  ])("%f s", (seconds, place) => {
    expect(chapterAt(chapters, seconds)).toBe(place);
  });
});
