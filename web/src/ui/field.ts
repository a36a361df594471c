import { el, setAttributes } from "./dom";

/** An input with its label, and with room below for what is wrong with what was typed. */
export interface Field<Input extends HTMLElement = HTMLInputElement> {
  element: HTMLElement;
  input: Input;
  /** Shows a fault below the input; an empty one clears it. */
  complain(message: string): void;
}

/** `hint` stands below the input, which has an id. */
export function field<Input extends HTMLElement>(label: string, input: Input, hint = ""): Field<Input> {
  const { id } = input;
  const about = hint && el("p", { id: `${id}-hint`, class: "field-hint" }, hint);
  const error = el("p", { id: `${id}-error`, class: "field-error", role: "alert" });
  setAttributes(input, { "aria-describedby": `${about ? `${id}-hint ` : ""}${id}-error` });
  return {
    element: el("div", { class: "field" }, el("label", { for: id }, label), input, about || null, error),
    input,
    complain(message) {
      error.textContent = message;
      input.setAttribute("aria-invalid", String(message !== ""));
    },
  };
}
