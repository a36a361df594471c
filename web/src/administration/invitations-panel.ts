import { inviteToRegister, listInvitations, revokeInvitation } from "../api/administration";
import { explain } from "../api/http";
import type { MadeInvitation, RegistrationInvitation } from "../api/types";
import { el } from "../ui/dom";
import { sureButton } from "../ui/sure-button";
import { ago } from "../ui/words";
import { labelled } from "./fields";

/** Invitations to register: made, seen until somebody takes them, revoked. */
export class InvitationsPanel {
  readonly element: HTMLElement;
  readonly #email = el("input", {
    id: "invited",
    type: "email",
    required: true,
    maxlength: 254,
    autocomplete: "off",
  });
  readonly #made = el("div", { class: "made", role: "status", hidden: true });
  readonly #list = el("ul", { class: "rows" });
  readonly #more = el("button", { type: "button", class: "button more", hidden: true }, "Show more");
  readonly #error = el("p", { class: "form-error", role: "alert", hidden: true });
  #cursor: string | null = null;

  constructor() {
    const form = el(
      "form",
      { class: "filters" },
      labelled("E-mail address", this.#email),
      el("button", { type: "submit", class: "button primary" }, "Invite"),
    );
    this.element = el(
      "section",
      { class: "panel", "aria-label": "Invitations" },
      el("h2", {}, "Invitations to register"),
      form,
      this.#error,
      this.#made,
      this.#list,
      this.#more,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#attempt(async () => {
        this.#showMade(await inviteToRegister(this.#email.value.trim()));
        form.reset();
        await this.#loadFirst();
      });
    });
    this.#more.addEventListener("click", () => void this.#attempt(() => this.#loadMore()));
  }

  load(): void {
    void this.#attempt(() => this.#loadFirst());
  }

  async #loadFirst(): Promise<void> {
    this.#cursor = null;
    await this.#loadMore();
  }

  async #loadMore(): Promise<void> {
    const first = this.#cursor === null;
    const page = await listInvitations(this.#cursor);
    if (first) this.#list.replaceChildren();
    this.#cursor = page.next_cursor;
    this.#more.hidden = this.#cursor === null;
    this.#list.append(...page.items.map((invitation) => this.#row(invitation)));
    if (!this.#list.firstChild) this.#list.append(el("li", { class: "none" }, "Nobody is invited."));
  }

  #row({ id, email, created_at, expires_at }: RegistrationInvitation): HTMLLIElement {
    const facts = `Invited ${ago(created_at)}, until ${expires_at.slice(0, 10)}`;
    const revoke = sureButton("Revoke", email, () =>
      this.#attempt(async () => {
        await revokeInvitation(id);
        await this.#loadFirst();
      }),
    );
    return el(
      "li",
      { class: "row" },
      el("div", { class: "about" }, el("strong", {}, email), el("p", {}, facts)),
      revoke,
    );
  }

  /** The link, which nobody is shown again. */
  #showMade({ email, link, is_sent }: MadeInvitation): void {
    const shown = el("input", { id: "invitation-link", type: "text", readonly: true, value: link });
    shown.addEventListener("focus", () => shown.select());
    const how = is_sent ? `A letter brings it to ${email}.` : `Hand it on to ${email}.`;
    this.#made.hidden = false;
    this.#made.replaceChildren(
      labelled("Link", shown),
      el("p", {}, `${how} It works once, for a week, and is not shown again.`),
    );
  }

  async #attempt(task: () => Promise<void>): Promise<void> {
    this.#error.hidden = true;
    try {
      await task();
    } catch (error) {
      this.#error.hidden = false;
      this.#error.textContent = explain(error);
    }
  }
}
