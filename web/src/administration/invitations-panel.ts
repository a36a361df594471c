import { inviteToRegister, listInvitations, revokeInvitation } from "../api/administration";
import type { MadeInvitation, RegistrationInvitation } from "../api/types";
import { el } from "../ui/dom";
import { PagedRows } from "../ui/paged-rows";
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
  readonly #rows = new PagedRows(
    el("ul", { class: "rows" }),
    (cursor) => listInvitations(cursor),
    (invitation: RegistrationInvitation) => this.#row(invitation),
    "Nobody is invited.",
  );

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
      this.#rows.error,
      this.#made,
      this.#rows.list,
      this.#rows.more,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#rows.attempt(async () => {
        this.#showMade(await inviteToRegister(this.#email.value.trim()));
        form.reset();
        await this.#rows.reload();
      });
    });
  }

  load(): void {
    this.#rows.load();
  }

  #row({ id, email, created_at, expires_at }: RegistrationInvitation): HTMLLIElement {
    const facts = `Invited ${ago(created_at)}, until ${expires_at.slice(0, 10)}`;
    const revoke = sureButton("Revoke", email, () =>
      this.#rows.attempt(async () => {
        await revokeInvitation(id);
        await this.#rows.reload();
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
}
