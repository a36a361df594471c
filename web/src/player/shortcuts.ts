/** The keyboard of the player: which key asks for what. Pure; the player carries the commands out. */

export type Command =
  | { name: "toggle-play" | "toggle-mute" | "toggle-captions" | "toggle-fullscreen" | "toggle-help" }
  | { name: "seek-by"; seconds: number }
  | { name: "seek-to-share"; share: number }
  | { name: "step-frames"; frames: number }
  | { name: "volume-by"; amount: number }
  | { name: "speed-by"; steps: number };

export interface KeyPress {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

const COMMANDS: Record<string, Command> = {
  " ": { name: "toggle-play" },
  k: { name: "toggle-play" },
  m: { name: "toggle-mute" },
  c: { name: "toggle-captions" },
  f: { name: "toggle-fullscreen" },
  "?": { name: "toggle-help" },
  j: { name: "seek-by", seconds: -10 },
  l: { name: "seek-by", seconds: 10 },
  arrowleft: { name: "seek-by", seconds: -5 },
  arrowright: { name: "seek-by", seconds: 5 },
  arrowup: { name: "volume-by", amount: 0.05 },
  arrowdown: { name: "volume-by", amount: -0.05 },
  home: { name: "seek-to-share", share: 0 },
  end: { name: "seek-to-share", share: 1 },
  ",": { name: "step-frames", frames: -1 },
  ".": { name: "step-frames", frames: 1 },
  "<": { name: "speed-by", steps: -1 },
  ">": { name: "speed-by", steps: 1 },
};

/** What a key press asks for, or null. With Ctrl, Alt or Meta held it belongs to the browser. */
export function commandFor(press: KeyPress): Command | null {
  if (press.ctrlKey || press.metaKey || press.altKey) return null;
  if (/^[0-9]$/.test(press.key)) return { name: "seek-to-share", share: Number(press.key) / 10 };
  return COMMANDS[press.key.toLowerCase()] ?? null;
}

/** Whether an element needs this key for itself: text needs all, buttons space, sliders and menus arrows. */
export function keepsKey(element: Element | null, key: string): boolean {
  if (!element) return false;
  if (element.closest("input:not([type=range]), textarea, select, [contenteditable], dialog")) return true;
  if (element.closest("[role=menu]")) return true;
  if (key === " ") return element.closest("button, a, summary, [role=button]") !== null;
  const arrows = key.startsWith("Arrow") || key === "Home" || key === "End";
  return arrows && element.closest("input[type=range]") !== null;
}

/** For the help sheet, in reading order. */
export const SHORTCUT_HELP: [keys: string[], meaning: string][] = [
  [["Space", "K"], "Play or pause"],
  [["J", "L"], "Back or forward 10 seconds"],
  [["←", "→"], "Back or forward 5 seconds"],
  [["0", "…", "9"], "Jump to 0 % … 90 %"],
  [["Home", "End"], "To the beginning or the end"],
  [[",", "."], "One frame back or forward"],
  [["<", ">"], "Slower or faster"],
  [["↑", "↓"], "Louder or quieter"],
  [["M"], "Sound on or off"],
  [["C"], "Captions on or off"],
  [["F"], "Full screen"],
  [["?"], "This list"],
];
