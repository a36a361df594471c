import type { Proof } from "../api/types";
import { el } from "./dom";
import { passwordField } from "./password-field";

let count = 0;

/**
 * Asks for the password or a code before what an open session alone must not do, and then for what else there is
 * to say (`fields`). `onProof` gets what was typed; the form stays until it is removed.
 */
export function proofForm(
  action: string,
  onProof: (proof: Proof) => void,
  ...fields: HTMLElement[]
): HTMLFormElement {
  const id = `proof-${++count}`;
  const input = el("input", {
    id,
    type: "password",
    autocomplete: "current-password",
    maxlength: 128,
  });
  const cancel = el("button", { type: "button", class: "button quiet" }, "Cancel");
  const submit = el("button", { type: "submit", class: "button primary" }, action);
  const form = el(
    "form",
    { class: "form proof-form" },
    ...fields,
    passwordField("Your password, or a code", input).element,
    el("div", { class: "form-buttons" }, cancel, submit),
  );
  cancel.addEventListener("click", () => form.remove());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    onProof(proofOf(input.value));
  });
  return form;
}

const CODE = /^(\d{6}|[a-z2-7]{4}(-[a-z2-7]{4}){3}|[a-z2-7]{4}(-[a-z2-7]{4}){5})$/i;

/** What was typed: a code, if it looks like one, else the password, if there is any. Pure. */
export function proofOf(typed: string): Proof {
  if (!typed) return {}; // an account without a password: the server says whether signing in was long ago
  return CODE.test(typed.trim()) ? { code: typed.trim() } : { password: typed };
}
