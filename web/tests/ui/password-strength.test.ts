import { describe, expect, it } from "vitest";
import { judge } from "../../src/ui/password-strength";
import { verdict } from "../../src/ui/strength-meter";

describe("judge", () => {
  it("finds known passwords, single words, repeats and rows of keys too weak", () => {
    for (const weak of ["password1234", "headquarters1", "abcabcabcabc", "qwertyuiop12"])
      expect(judge(weak, []).score, weak).toBeLessThan(3);
  });

  it("finds words that have nothing to do with each other strong enough", () => {
    for (const strong of ["seven lonely anvils", "correct horse battery staple", "sieben einsame Ambosse"])
      expect(judge(strong, []), strong).toEqual({ score: 4, warning: "" });
  });

  it("counts what is known of the owner, whole and in parts, and the name of the place", () => {
    for (const [password, about] of [
      ["Zebulon Quist", ["Zebulon Quist"]],
      ["Vandersloot-1", ["zora.vandersloot@example.org"]],
    ] as const) {
      expect(judge(password, []).score, password).toBeGreaterThanOrEqual(3);
      expect(judge(password, [...about]).score, password).toBeLessThan(3);
    }
    expect(judge("matinee", []).score).toBe(0);
  });

  it("judges the first forty characters, as the server does", () => {
    expect(judge(`${"a".repeat(40)} seven lonely anvils`, []).score).toBeLessThan(3);
  });

  it("says why in a sentence", () => {
    expect(judge("aaaaaaaaaaaa", []).warning).toMatch(/easy to guess\.$/);
  });
});

describe("verdict", () => {
  it("is silent where nothing is typed", () => {
    expect(verdict("", { score: 0, warning: "" })).toEqual({ value: 0, sentence: "" });
  });

  it("tells what is missing, in characters as people count them, and is never content with less", () => {
    const strength = { score: 4, warning: "" };
    expect(verdict("🎬🎬🎬🎬🎬🎬🎬🎬🎬🎬", strength)).toEqual({
      value: 2,
      sentence: "Too short by 2 characters.",
    });
    expect(verdict("eleven char", strength).sentence).toBe("Too short by 1 character.");
  });

  it("says what is wrong and what would be better, as long as the server would refuse it", () => {
    const better = "Several words that have nothing to do with you are better.";
    expect(verdict("password1234", { score: 1, warning: "It is common." })).toEqual({
      value: 2,
      sentence: `Weak. It is common. ${better}`,
    });
    expect(verdict("twelve chars", { score: 2, warning: "" }).sentence).toBe(`Not strong enough. ${better}`);
    expect(verdict("twelve chars", { score: 3, warning: "" })).toEqual({ value: 4, sentence: "Good." });
  });
});
