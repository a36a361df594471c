import {
  askVerification,
  changePassword,
  endOtherSessions,
  endSession,
  getProfile,
  listSessions,
} from "../api/account";
import type { Proof, Session } from "../api/types";
import { attempt } from "../ui/attempt";
import { el } from "../ui/dom";
import { passwordField } from "../ui/password-field";
import { proofForm } from "../ui/proof-form";
import { deviceFacts } from "./device-facts";
import { WholeAccount } from "./whole-account";

/** The signed-in user's address, devices and password, and the account as a whole. Nothing is asked for before it is opened. */
export class AccountPanel {
  readonly element: HTMLDetailsElement;
  readonly #address = el("p", { class: "fold-intro" });
  readonly #present = passwordInput("present-password", "current-password");
  readonly #wanted = passwordInput("wanted-password", "new-password");
  readonly #form = el("form", { class: "form password-form" });
  readonly #list = el("ul", { class: "entries" });
  readonly #more = el("button", { type: "button", class: "button more", hidden: true }, "Show more");
  readonly #others = el("button", { type: "button", class: "button" }, "Sign out all other devices");
  readonly #end = el("div", {}, el("div", { class: "form-buttons" }, this.#others));
  readonly #error = el("p", { class: "form-error", role: "alert", hidden: true });
  readonly #said = el("p", { class: "fold-result", role: "status", hidden: true });
  readonly #whole: WholeAccount;
  #cursor: string | null = null;
  /** Asks who he is, below what it is about; one at a time. */
  #proof: HTMLElement | null = null;
  /** What others know of him. */
  #known: string[] = [];

  /** `onDeleted`: the account is to be deleted on that day, and was signed out. */
  constructor(onDeleted: (until: string) => void) {
    this.#whole = new WholeAccount({
      attempt: (task) => this.#attempt(task),
      say: (sentence) => this.#say(sentence),
      onDeleted,
    });
    this.#form.append(
      passwordField("Present password", this.#present).element,
      passwordField("New password", this.#wanted, () => this.#known).element,
      el(
        "div",
        { class: "form-buttons" },
        el("button", { type: "submit", class: "button primary" }, "Change password"),
      ),
    );
    this.element = el(
      "details",
      { class: "section fold account-panel" },
      el("summary", {}, el("h2", {}, "Account")),
      this.#address,
      this.#error,
      this.#said,
      el("h3", {}, "Devices"),
      this.#list,
      this.#more,
      this.#end,
      el("h3", {}, "Password"),
      this.#form,
      this.#whole.element,
    );
    this.element.addEventListener("toggle", () => {
      if (this.element.open) void this.#attempt(() => this.#load());
    });
    this.#more.addEventListener("click", () => void this.#attempt(() => this.#loadMore()));
    this.#others.addEventListener("click", () =>
      this.#ask(this.#end, "Sign them out", async (proof) => {
        await endOtherSessions(proof);
        await this.#load();
        this.#say("All other devices were signed out.");
      }),
    );
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#attempt(async () => {
        await changePassword(this.#present.value, this.#wanted.value);
        this.#form.reset();
        await this.#load();
        this.#say("Your password is changed, and all other devices were signed out.");
      });
    });
  }

  /** Forgets what it shows: somebody else may look at the page now. */
  close(): void {
    this.element.open = false;
    this.#list.replaceChildren();
    this.#proof?.remove();
    this.#whole.close();
    this.#address.replaceChildren();
    this.#said.hidden = true;
    this.#form.reset();
  }

  async #load(): Promise<void> {
    this.#cursor = null;
    const [profile, page] = await Promise.all([getProfile(), listSessions(null), this.#whole.load()]);
    this.#known = [profile.name, profile.email];
    this.#address.replaceChildren(
      `${profile.email} · ${profile.email_verified ? "verified" : "not verified"} `,
    );
    if (!profile.email_verified) this.#address.append(this.#verifyButton(profile.email));
    this.#show(page.items, page.next_cursor, true);
  }

  async #loadMore(): Promise<void> {
    const page = await listSessions(this.#cursor);
    this.#show(page.items, page.next_cursor, false);
  }

  #show(sessions: Session[], cursor: string | null, first: boolean): void {
    this.#cursor = cursor;
    this.#more.hidden = cursor === null;
    const rows = sessions.map((session) => this.#row(session));
    if (first) this.#list.replaceChildren(...rows);
    else this.#list.append(...rows);
  }

  #verifyButton(email: string): HTMLButtonElement {
    const button = el("button", { type: "button", class: "button small" }, "Send the letter again");
    button.addEventListener(
      "click",
      () =>
        void this.#attempt(async () => {
          await askVerification(email);
          this.#say("A letter is on its way.");
        }),
    );
    return button;
  }

  #row(session: Session): HTMLLIElement {
    const name = session.device_name || "Unnamed device";
    const about = el(
      "div",
      { class: "entry-about" },
      el("strong", {}, name),
      el("p", {}, deviceFacts(session)),
    );
    const row = el("li", { class: "entry", "data-ended": session.ended_at !== null }, about);
    if (session.ended_at === null && !session.is_current) {
      const label = `Sign out ${name}`;
      const button = el(
        "button",
        { type: "button", class: "button danger small", "aria-label": label },
        "Sign out",
      );
      button.addEventListener("click", () =>
        this.#ask(row, "Sign it out", async (proof) => {
          await endSession(session.id, proof);
          await this.#load();
        }),
      );
      row.append(button);
    }
    return row;
  }

  /** Asks for the password below `place`; once `act` has done with it, the form goes. */
  #ask(place: HTMLElement, action: string, act: (proof: Proof) => Promise<void>): void {
    this.#proof?.remove();
    const form = proofForm(
      action,
      (proof) =>
        void this.#attempt(async () => {
          await act(proof);
          form.remove();
        }),
    );
    this.#proof = form;
    place.append(form);
    form.querySelector("input")?.focus();
  }

  #say(sentence: string): void {
    this.#said.hidden = false;
    this.#said.textContent = sentence;
  }

  async #attempt(task: () => Promise<void>): Promise<void> {
    this.#said.hidden = true;
    await attempt(this.#error, task);
  }
}

function passwordInput(id: string, autocomplete: string): HTMLInputElement {
  return el("input", { id, type: "password", required: true, maxlength: 128, autocomplete });
}
