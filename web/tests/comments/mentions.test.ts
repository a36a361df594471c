import { describe, expect, it } from "vitest";
import { mentionsIn, pieces } from "../../src/comments/mentions";

const PEOPLE = [
  { id: "1", name: "Ada" },
  { id: "2", name: "Ada Byron" },
  { id: "3", name: "Bo" },
];

describe("mentionsIn", () => {
  it("finds whom a text speaks to, once each", () => {
    expect(mentionsIn("@Bo and @Ada, @Bo!", PEOPLE)).toEqual(["1", "3"]);
  });

  it("takes the longest name, and no beginning of another word", () => {
    expect(mentionsIn("@Ada Byron", PEOPLE)).toEqual(["2"]);
    expect(mentionsIn("@Bobby mail@Adam", PEOPLE)).toEqual([]);
  });
});

describe("pieces", () => {
  it("are the whole text, with the names marked", () => {
    expect(pieces("hi @Bo!", PEOPLE)).toEqual([
      { text: "hi ", isMention: false },
      { text: "@Bo", isMention: true },
      { text: "!", isMention: false },
    ]);
    expect(pieces("", PEOPLE)).toEqual([]);
  });
});
