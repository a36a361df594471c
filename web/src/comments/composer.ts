import { explain } from "../api/http";
import { el } from "../ui/dom";

export interface ComposerOptions {
  label: string;
  action: string;
  text?: string;
  /** Of a comment, where nothing else is said. */
  longest?: number;
  /** Absent where there is nothing to go back to. */
  onCancel?: () => void;
  /** Throws where the words are not taken; they stay then. */
  send: (text: string) => Promise<void>;
}

const LONGEST = 2000;
let made = 0;

/** A place to write: grows with the text; Ctrl + Enter sends, Escape goes back. */
export function composer(options: ComposerOptions): HTMLFormElement {
  const id = `words-${++made}`;
  const words = el("textarea", {
    id,
    rows: 1,
    maxlength: options.longest ?? LONGEST,
    placeholder: options.label,
  });
  const send = el("button", { type: "submit", class: "button primary small" }, options.action);
  const cancel = options.onCancel && el("button", { type: "button", class: "button quiet small" }, "Cancel");
  const error = el("p", { class: "form-error", role: "alert", hidden: true });
  const form = el(
    "form",
    { class: "composer" },
    el("label", { class: "visually-hidden", for: id }, options.label),
    words,
    error,
    el("div", { class: "form-buttons" }, cancel, send),
  );
  const grow = () => {
    send.disabled = words.value.trim() === "";
    words.style.height = "auto";
    words.style.height = `${words.scrollHeight + 2}px`;
  };
  words.value = options.text ?? "";
  send.disabled = words.value.trim() === "";
  words.addEventListener("input", grow);
  words.addEventListener("focus", grow);
  words.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    if (event.key === "Escape") options.onCancel?.();
  });
  cancel?.addEventListener("click", () => options.onCancel?.());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (send.disabled) return;
    send.disabled = true;
    error.hidden = true;
    try {
      await options.send(words.value);
      words.value = "";
    } catch (refused) {
      error.textContent = explain(refused);
      error.hidden = false;
    }
    grow();
  });
  return form;
}
