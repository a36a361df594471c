import { el } from "./dom";
import type { Field } from "./field";
import type { Strength } from "./password-strength";

const SHORTEST = 12; // characters, as the server has it
const ENOUGH = 3; // of 0 to 4, as the server has it
const WORDS = ["Very weak.", "Weak.", "Not strong enough.", "Good.", "Strong."];
const BETTER = "Several words that have nothing to do with you are better.";
const PAUSE_MS = 300; // after the last key: a screen reader is not to speak at each

/**
 * Tells, below a field for a new password, how hard it is to guess. A worker judges, which is loaded once the field
 * is entered: its dictionaries are large, and looking through them must not hold up typing. Nothing leaves the page.
 */
export function addStrengthMeter({ element, input }: Field, about: () => string[]): void {
  const id = `${input.id}-strength`;
  const meter = el("meter", { max: 5, low: 3, high: 4, optimum: 5, "aria-label": "Strength", hidden: true });
  const words = el("p", { id, class: "field-hint strength", "aria-live": "polite" });
  element.lastElementChild?.before(meter, words);
  input.setAttribute("aria-describedby", `${id} ${input.getAttribute("aria-describedby")}`);

  let worker: Worker | undefined;
  let pause = 0;

  const show = (strength: Strength) => {
    const { value, sentence } = verdict(input.value, strength);
    meter.hidden = value === 0;
    meter.value = value;
    words.textContent = sentence;
  };
  const hire = () => {
    const hired = new Worker(new URL("./password-strength.worker.ts", import.meta.url), { type: "module" });
    hired.addEventListener("message", ({ data: [password, strength] }: MessageEvent<[string, Strength]>) => {
      if (password === input.value) show(strength); // else more was typed meanwhile
    });
    input.form?.addEventListener("reset", () => window.setTimeout(judge)); // once the field is empty
    return hired;
  };
  const judge = () => {
    if (input.autocomplete !== "new-password") return;
    worker ??= hire();
    worker.postMessage([input.value, about()]);
  };
  input.addEventListener("focus", judge);
  input.addEventListener("input", () => {
    window.clearTimeout(pause);
    pause = window.setTimeout(judge, PAUSE_MS);
  });
}

/** What the meter shows, 0 to 5, and says of what was typed. Pure. */
export function verdict(password: string, { score, warning }: Strength): { value: number; sentence: string } {
  if (password === "") return { value: 0, sentence: "" };
  const missing = SHORTEST - [...password].length;
  if (missing > 0) {
    const characters = missing === 1 ? "character" : "characters";
    return { value: Math.min(score + 1, 2), sentence: `Too short by ${missing} ${characters}.` };
  }
  const sentences = [WORDS[score], ...(score < ENOUGH ? [warning, BETTER] : [])];
  return { value: score + 1, sentence: sentences.filter(Boolean).join(" ") };
}
