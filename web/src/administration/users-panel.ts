import {
  endSessions,
  type Filters,
  giveRole,
  liftSuspension,
  listUsers,
  resetSecondFactor,
  suspendUser,
} from "../api/administration";
import type { ManagedUser, Proof } from "../api/types";
import { el } from "../ui/dom";
import { PagedRows } from "../ui/paged-rows";
import { proofForm } from "../ui/proof-form";
import { ago } from "../ui/words";
import { choice, labelled } from "./fields";

/** Accounts: found, suspended, signed out, given roles. */
export class UsersPanel {
  readonly element: HTMLElement;
  readonly #text = el("input", { id: "user-search", type: "search", placeholder: "Name or e-mail address" });
  readonly #role = choice("user-role", [
    ["", "Any role"],
    ["ADMIN", "Administrators"],
    ["USER", "Users"],
  ]);
  readonly #state = choice("user-state", [
    ["", "Any state"],
    ["true", "Suspended"],
    ["false", "Not suspended"],
  ]);
  readonly #rows = new PagedRows(
    el("ul", { class: "rows" }),
    (cursor) => listUsers(this.#filters(), cursor),
    (user: ManagedUser) => this.#row(user),
    "Nobody.",
  );
  readonly #showLog: (id: string) => void;

  /** `showLog` shows what concerns an account. */
  constructor(showLog: (id: string) => void) {
    this.#showLog = showLog;
    const form = el(
      "form",
      { class: "filters", role: "search" },
      labelled("Search", this.#text),
      labelled("Role", this.#role),
      labelled("State", this.#state),
      el("button", { type: "submit", class: "button primary" }, "Find"),
    );
    this.element = el(
      "section",
      { class: "panel", "aria-label": "Users" },
      el("h2", {}, "Users"),
      form,
      this.#rows.error,
      this.#rows.list,
      this.#rows.more,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.load();
    });
  }

  /** Lists anew, by the filters as they are. */
  load(): void {
    this.#rows.load();
  }

  #filters(): Filters {
    return { q: this.#text.value.trim(), role: this.#role.value, suspended: this.#state.value };
  }

  #row(user: ManagedUser): HTMLLIElement {
    const row = el("li", { class: "row", "data-shut": Boolean(user.suspension ?? user.deletion) });
    const other = user.role === "ADMIN" ? "USER" : "ADMIN";
    const log = button("Log", () => this.#showLog(user.id));
    const role = button(other === "ADMIN" ? "Make administrator" : "Make user", () =>
      this.#ask(row, "Give role", roleHint(user), async (proof) => {
        row.replaceWith(this.#row(await giveRole(user.id, other, proof)));
      }),
    );
    const reset = button("Reset second factor", () =>
      this.#ask(row, "Reset", resetHint(user), async (proof) => {
        await resetSecondFactor(user.id, proof);
        row.querySelector(".proof-form")?.remove();
        reset.disabled = true;
        reset.textContent = "Second factor reset";
      }),
    );
    const out = button("Sign out everywhere", () => this.#signOut(user, out));
    const shut = user.suspension
      ? button("Lift suspension", () => this.#replace(row, () => liftSuspension(user.id)))
      : button("Suspend", () => form.toggleAttribute("hidden"));
    const reason = el("input", {
      id: `reason-${user.id}`,
      type: "text",
      required: true,
      maxlength: 500,
      placeholder: "Why? Its owner is told",
    });
    const form = el(
      "form",
      { class: "reason", hidden: true },
      labelled("Reason", reason),
      el("button", { type: "submit", class: "button danger small" }, "Suspend"),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#replace(row, () => suspendUser(user.id, reason.value.trim()));
    });
    row.append(
      el(
        "div",
        { class: "about" },
        el("strong", {}, user.name),
        user.role === "ADMIN" && el("span", { class: "badge" }, "Administrator"),
        el("p", {}, user.email),
        el("p", {}, state(user)),
      ),
      el("div", { class: "row-buttons" }, log, out, reset, role, shut),
      form,
    );
    return row;
  }

  /** Whoever finds an administrator's device open does not do it: he says who he is before. */
  #ask(row: HTMLLIElement, action: string, hint: string, act: (proof: Proof) => Promise<void>): void {
    const form = proofForm(
      action,
      (proof) => void this.#rows.attempt(() => act(proof)),
      el("p", { class: "form-hint" }, hint),
    );
    row.querySelector(".proof-form")?.remove();
    row.append(form);
    form.querySelector("input")?.focus();
  }

  #signOut(user: ManagedUser, button: HTMLButtonElement): void {
    void this.#rows.attempt(async () => {
      await endSessions(user.id);
      button.disabled = true;
      button.textContent = "Signed out";
    });
  }

  #replace(row: HTMLLIElement, change: () => Promise<ManagedUser>): void {
    void this.#rows.attempt(async () => row.replaceWith(this.#row(await change())));
  }
}

function roleHint(user: ManagedUser): string {
  return user.role === "ADMIN"
    ? `${user.name} will be an administrator no more, and is signed out.`
    : `${user.name} will see and change everything here.`;
}

function resetHint(user: ManagedUser): string {
  return `${user.name} will sign in by the password alone. Make sure that it is the owner who asks.`;
}

function state(user: ManagedUser): string {
  if (user.deletion) return `To be deleted on ${user.deletion.erase_at.slice(0, 10)}`;
  if (user.suspension) return `Suspended ${ago(user.suspension.at)}: ${user.suspension.reason}`;
  return `Registered ${ago(user.created_at)}`;
}

function button(label: string, act: () => void): HTMLButtonElement {
  const made = el("button", { type: "button", class: "button small" }, label);
  made.addEventListener("click", act);
  return made;
}
