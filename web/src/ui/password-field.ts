import { el, setAttributes } from "./dom";
import { type Field, field } from "./field";
import { icon } from "./icons";
import { addStrengthMeter } from "./strength-meter";

/**
 * A field for a password: it can be seen, and where it is to be a new one, how strong it is. `about`: what others
 * know of its owner.
 */
export function passwordField(label: string, input: HTMLInputElement, about = (): string[] => []): Field {
  const made = field(label, input);
  made.element.firstElementChild?.after(revealable(input));
  addStrengthMeter(made, about);
  return made;
}

/** The input with a button inside that shows and hides what is typed. */
export function revealable(input: HTMLInputElement): HTMLElement {
  // Shown, it is a text like any other: no browser is to send it away to be spelled.
  setAttributes(input, { spellcheck: "false", autocapitalize: "off", autocorrect: "off" });
  const button = el("button", { type: "button", class: "icon-button", "aria-label": "Show characters" });
  const show = (shown: boolean) => {
    const { selectionStart, selectionEnd } = input;
    input.type = shown ? "text" : "password";
    if (document.activeElement === input) input.setSelectionRange(selectionStart, selectionEnd);
    button.setAttribute("aria-pressed", String(shown));
    button.replaceChildren(icon(shown ? "hide" : "show"));
  };
  show(false);
  button.addEventListener("pointerdown", (event) => event.preventDefault()); // the caret stays in the input
  button.addEventListener("click", () => {
    show(input.type === "password");
    // What is sent or emptied is hidden: password managers and the browser's history know it by that. And what is left
    // in a dialog that closes, for it may be opened again.
    for (const end of ["submit", "reset"]) {
      input.form?.addEventListener(end, () => show(false), { once: true });
    }
    input.closest("dialog")?.addEventListener("close", () => show(false), { once: true });
  });
  return el("div", { class: "revealable" }, input, button);
}
