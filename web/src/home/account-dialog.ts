import { forgetPassword } from "../api/account";
import { ApiError, explain } from "../api/http";
import { canUsePasskeys } from "../api/passkeys";
import {
  departTo,
  listProviders,
  pendingSignIn,
  register,
  signIn,
  signInByPasskey,
  wantsNewPassword,
} from "../api/session";
import type { PendingSignIn } from "../api/types";
import { el } from "../ui/dom";
import { type Field, field } from "../ui/field";
import { passwordField } from "../ui/password-field";
import { sheet } from "../ui/sheet";
import { KeepButton } from "./keep-button";
import { SecondFactorStep } from "./second-factor-step";

type Mode = "sign-in" | "register";
type SignIn = (restore: boolean) => Promise<unknown>;

const WORDS = {
  "sign-in": { title: "Welcome back", submit: "Sign in", other: "New here? Create an account" },
  register: { title: "Create an account", submit: "Create account", other: "Have an account? Sign in" },
};

/** The dialog to sign in or to create an account. `onDone` runs once somebody is signed in. */
export class AccountDialog {
  readonly element: HTMLDialogElement;
  readonly #title = el("h2", { id: "account-title" });
  readonly #name = field("Name", input("name", { autocomplete: "name", maxlength: 80 }));
  readonly #email = field("Email", input("email", { type: "email", autocomplete: "email" }));
  readonly #password = passwordField(
    "Password",
    input("password", { type: "password", minlength: 12, maxlength: 128 }),
    () => [this.#name.input.value, this.#email.input.value],
  );
  /** In the place of one that is right, and easily guessed. */
  readonly #newPassword = passwordField(
    "New password",
    input("new-password", {
      type: "password",
      autocomplete: "new-password",
      minlength: 12,
      maxlength: 128,
    }),
    () => [this.#email.input.value],
  );
  readonly #error = el("p", { class: "form-error", role: "alert", hidden: true });
  readonly #submit = el("button", { type: "submit", class: "button primary" });
  readonly #other = el("button", { type: "button", class: "button quiet" });
  readonly #forgotten = el("button", { type: "button", class: "button quiet" }, "Forgot your password?");
  readonly #said = el("p", { class: "form-said", role: "status", hidden: true });
  readonly #passkey = el("button", { type: "button", class: "button" }, "Sign in with a passkey");
  readonly #providers = el("div", { class: "form", hidden: true });
  readonly #keep = new KeepButton();
  readonly #form: HTMLFormElement;
  readonly #step = new SecondFactorStep(() => this.#finish());
  readonly #onDone: () => void;
  #mode: Mode = "sign-in";
  #invitation: string | null = null;

  constructor(onDone: () => void) {
    this.#onDone = onDone;
    this.#form = el(
      "form",
      { class: "form", novalidate: true },
      ...this.#fields().map(({ element }) => element),
      this.#error,
      this.#keep.element,
      this.#said,
      this.#submit,
      this.#passkey,
      this.#providers,
      this.#forgotten,
      this.#other,
    );
    this.element = sheet(this.#title, this.#form, this.#step.element);
    this.#other.addEventListener("click", () =>
      this.#show(this.#mode === "sign-in" ? "register" : "sign-in"),
    );
    this.#forgotten.addEventListener("click", () => void this.#forget());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#attempt((restore) => this.#send(restore));
    });
    this.#passkey.addEventListener(
      "click",
      () => void this.#attempt((restore) => signInByPasskey(null, restore)),
    );
  }

  /** `invitation`: the token of the link by which somebody came to register. */
  open(mode: Mode, invitation: string | null = null): void {
    this.#invitation = invitation;
    this.#show(mode);
    if (!this.element.open) this.element.showModal();
    (mode === "register" ? this.#name : this.#email).input.focus();
    void this.#showProviders();
  }

  /** Goes on with a sign-in that began elsewhere. */
  resume(signIn: SignIn): void {
    this.open("sign-in");
    void this.#attempt(signIn);
  }

  /** To sign in again after what `sentence` says. */
  openAfter(sentence: string): void {
    this.open("sign-in");
    this.#said.hidden = false;
    this.#said.textContent = sentence;
  }

  /** They are a convenience: where they cannot be asked for, the form is all there is. */
  async #showProviders(): Promise<void> {
    const providers = await listProviders().catch(() => []);
    this.#providers.hidden = providers.length === 0;
    this.#providers.replaceChildren(
      ...providers.map(({ id, name }) => {
        const button = el("button", { type: "button", class: "button" }, `Continue with ${name}`);
        button.addEventListener("click", () => void departTo(id).catch((error) => this.#showError(error)));
        return button;
      }),
    );
  }

  #show(mode: Mode): void {
    this.#mode = mode;
    this.#form.hidden = false;
    this.#step.element.hidden = true;
    this.#passkey.hidden = mode === "register" || !canUsePasskeys();
    this.#title.textContent = WORDS[mode].title;
    this.#submit.textContent = WORDS[mode].submit;
    this.#other.textContent = WORDS[mode].other;
    this.#name.element.hidden = mode === "sign-in";
    this.#newPassword.element.hidden = true;
    this.#forgotten.hidden = mode === "register";
    this.#password.input.autocomplete = mode === "sign-in" ? "current-password" : "new-password";
    this.#clearErrors();
  }

  async #send(restore: boolean): Promise<unknown> {
    const [name = "", email = "", password = "", newPassword = ""] = this.#fields().map(
      ({ input }) => input.value,
    );
    return this.#mode === "register"
      ? register(name, email, password, this.#invitation)
      : signIn(email, password, restore, this.#newPassword.element.hidden ? null : newPassword);
  }

  #fields(): Field[] {
    return [this.#name, this.#email, this.#password, this.#newPassword];
  }

  async #attempt(signIn: SignIn, restore = false): Promise<void> {
    this.#clearErrors();
    this.#submit.disabled = this.#passkey.disabled = true;
    try {
      await signIn(restore);
      this.#finish();
    } catch (error) {
      const pending = pendingSignIn(error);
      if (pending) this.#askFor(pending);
      else if (wantsNewPassword(error)) this.#askForNewPassword();
      else this.#showError(error);
      this.#keep.offer(error, () => void this.#attempt(signIn, true));
    } finally {
      this.#submit.disabled = this.#passkey.disabled = false;
    }
  }

  #askFor(pending: PendingSignIn): void {
    this.#title.textContent = "One more step";
    this.#form.hidden = true;
    this.#step.open(pending);
  }

  #askForNewPassword(): void {
    this.#newPassword.element.hidden = false;
    this.#newPassword.input.focus();
    this.#said.hidden = false;
    this.#said.textContent =
      "Your password is one of those that are guessed first. Choose another one: it signs you in here, and out everywhere else.";
  }

  #finish(): void {
    this.#form.reset();
    this.element.close();
    this.#onDone();
  }

  async #forget(): Promise<void> {
    this.#clearErrors();
    this.#forgotten.disabled = true;
    try {
      await forgetPassword(this.#email.input.value);
      this.#said.hidden = false;
      this.#said.textContent = "If this address has an account, a letter with a link is on its way to it.";
    } catch (error) {
      this.#showError(error);
    } finally {
      this.#forgotten.disabled = false;
    }
  }

  #showError(error: unknown): void {
    let placed = false;
    for (const [name, target] of Object.entries({
      name: this.#name,
      email: this.#email,
      password: this.#password,
      new_password: this.#newPassword,
    })) {
      const message = error instanceof ApiError ? error.fieldMessage(name) : undefined;
      target.complain(message ?? "");
      placed ||= message !== undefined;
    }
    this.#error.hidden = placed;
    this.#error.textContent = explain(error);
  }

  #clearErrors(): void {
    this.#error.hidden = true;
    this.#keep.element.hidden = true;
    this.#said.hidden = true;
    for (const target of this.#fields()) target.complain("");
  }
}

function input(name: string, attributes: Record<string, string | number>): HTMLInputElement {
  return el("input", { id: `account-${name}`, name, type: "text", required: true, ...attributes });
}
