import { describe, expect, it } from "vitest";
import { commandFor } from "../../src/player/shortcuts";
import { speedBeside } from "../../src/player/speeds";

const press = (key: string, modifiers = {}) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  ...modifiers,
});

describe("a key of the player", () => {
  it.each([
    [" ", { name: "toggle-play" }],
    ["K", { name: "toggle-play" }],
    ["j", { name: "seek-by", seconds: -10 }],
    ["ArrowRight", { name: "seek-by", seconds: 5 }],
    ["7", { name: "seek-to-share", share: 0.7 }],
    ["c", { name: "toggle-captions" }],
    ["?", { name: "toggle-help" }],
  ])("%j means %o", (key, command) => {
    expect(commandFor(press(key))).toEqual(command);
  });

  it("is left to the browser with a modifier held", () => {
    expect(commandFor(press("f", { ctrlKey: true }))).toBeNull();
    expect(commandFor(press("ArrowLeft", { altKey: true }))).toBeNull();
  });

  it("without a meaning does nothing", () => {
    expect(commandFor(press("x"))).toBeNull();
    expect(commandFor(press("Tab"))).toBeNull();
  });
});

describe("the next speed", () => {
  it("is the neighbour in the list", () => {
    expect([speedBeside(1, 1), speedBeside(1, -1)]).toEqual([1.25, 0.75]);
  });

  it("stays within the list", () => {
    expect([speedBeside(2, 1), speedBeside(0.25, -1), speedBeside(16, 1)]).toEqual([2, 0.25, 2]);
  });
});
