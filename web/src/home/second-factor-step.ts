import { explain } from "../api/http";
import { canUsePasskeys } from "../api/passkeys";
import { answerSecondFactor, signInByPasskey } from "../api/session";
import type { PendingSignIn } from "../api/types";
import { el } from "../ui/dom";
import { KeepButton } from "./keep-button";

const WORDS: Record<PendingSignIn["methods"][number], string> = {
  totp: "the six digits of your app",
  passkey: "your passkey",
  recovery_code: "a recovery code",
};

/** The second half of a sign-in: a code or a passkey. `onDone` runs once somebody is signed in. */
export class SecondFactorStep {
  readonly element: HTMLFormElement;
  readonly #hint = el("p", { class: "form-hint" });
  readonly #code = el("input", {
    id: "second-factor-code",
    type: "text",
    autocomplete: "one-time-code",
    autocapitalize: "off",
    spellcheck: "false",
    maxlength: 40,
  });
  readonly #field = el(
    "div",
    { class: "field" },
    el("label", { for: "second-factor-code" }, "Code"),
    this.#code,
  );
  readonly #error = el("p", { class: "form-error", role: "alert", hidden: true });
  readonly #submit = el("button", { type: "submit", class: "button primary" }, "Continue");
  readonly #passkey = el("button", { type: "button", class: "button" }, "Use a passkey");
  readonly #keep = new KeepButton();
  readonly #onDone: () => void;
  #pending: PendingSignIn | null = null;

  constructor(onDone: () => void) {
    this.#onDone = onDone;
    this.element = el(
      "form",
      { class: "form", novalidate: true, hidden: true },
      this.#hint,
      this.#field,
      this.#error,
      this.#keep.element,
      this.#submit,
      this.#passkey,
    );
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#attempt((challenge, restore) => answerSecondFactor(challenge, this.#code.value, restore));
    });
    this.#passkey.addEventListener("click", () => void this.#attempt(signInByPasskey));
  }

  open(pending: PendingSignIn): void {
    this.#pending = pending;
    const methods = pending.methods.filter((method) => method !== "passkey" || canUsePasskeys());
    this.#hint.textContent = `Your account asks for more than the password: ${methods.map((method) => WORDS[method]).join(" or ")}.`;
    this.#passkey.hidden = !methods.includes("passkey");
    this.#code.value = "";
    this.#error.hidden = this.#keep.element.hidden = true;
    this.element.hidden = false;
    this.#code.focus();
  }

  async #attempt(
    signIn: (challenge: string, restore: boolean) => Promise<unknown>,
    restore = false,
  ): Promise<void> {
    this.#error.hidden = this.#keep.element.hidden = true;
    this.#submit.disabled = this.#passkey.disabled = true;
    try {
      await signIn(this.#pending?.challenge ?? "", restore);
      this.#onDone();
    } catch (error) {
      this.#error.hidden = false;
      this.#error.textContent = explain(error);
      this.#keep.offer(error, () => void this.#attempt(signIn, true));
    } finally {
      this.#submit.disabled = this.#passkey.disabled = false;
    }
  }
}
