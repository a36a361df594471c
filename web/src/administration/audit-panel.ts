import { exportAudit, type Filters, listAudit } from "../api/administration";
import type { AuditEvent } from "../api/types";
import { el } from "../ui/dom";
import { PagedRows } from "../ui/paged-rows";
import { choice, labelled } from "./fields";
import { actionName, actorName, detailText } from "./words";

// A record, so that the compiler misses the one that is not in it.
const NAMES: Record<AuditEvent["what"], true> = {
  "account.closed": true,
  "account.email_change_asked": true,
  "account.email_changed": true,
  "account.email_verified": true,
  "account.erased": true,
  "account.export_fetched": true,
  "account.exported": true,
  "account.password_changed": true,
  "account.password_reset": true,
  "account.proof_failed": true,
  "account.quota_changed": true,
  "account.recovery_codes_renewed": true,
  "account.registered": true,
  "account.restored": true,
  "account.role_changed": true,
  "account.second_factor_failed": true,
  "account.second_factor_off": true,
  "account.second_factor_on": true,
  "account.second_factor_reset": true,
  "account.sessions_ended": true,
  "account.sign_in_failed": true,
  "account.sign_in_linked": true,
  "account.sign_in_unlinked": true,
  "account.suspended": true,
  "account.suspension_lifted": true,
  "api_key.created": true,
  "api_key.revoked": true,
  "channel.handle_changed": true,
  "comment.deleted": true,
  "comment.moderated": true,
  "invitation.created": true,
  "invitation.revoked": true,
  "passkey.registered": true,
  "passkey.removed": true,
  "server.audit_exported": true,
  "server.signing_key_rotated": true,
  "session.ended": true,
  "session.opened": true,
  "session.replayed": true,
  "signing_key.created": true,
  "signing_key.deleted": true,
  "team.changed": true,
  "team.created": true,
  "team.deleted": true,
  "team.invitation_revoked": true,
  "team.invited": true,
  "team.member_joined": true,
  "team.member_removed": true,
  "team.role_changed": true,
  "video.administered": true,
  "video.deleted": true,
  "video.keys_exported": true,
  "video.keys_renewed": true,
  "video.password_set": true,
  "video.prioritised": true,
  "video.shared": true,
  "video.transferred": true,
  "video.unshared": true,
  "video.visibility_changed": true,
};
const ACTIONS = Object.keys(NAMES) as AuditEvent["what"][];

/** What was done, by whom, when and from where; nothing changes it. */
export class AuditPanel {
  readonly element: HTMLElement;
  readonly #what = choice("audit-what", [["", "Anything"], ...ACTIONS.map(option)]);
  readonly #account = el("input", { id: "audit-account", type: "text", placeholder: "Id of an account" });
  readonly #since = el("input", { id: "audit-since", type: "date" });
  readonly #until = el("input", { id: "audit-until", type: "date" });
  readonly #rows = new PagedRows(
    el("ol", { class: "rows" }),
    (cursor) => listAudit(this.#filters(), cursor),
    row,
    "Nothing.",
  );

  constructor() {
    const save = el("button", { type: "button", class: "button" }, "Export");
    const form = el(
      "form",
      { class: "filters", role: "search" },
      labelled("What", this.#what),
      labelled("Concerning", this.#account),
      labelled("From", this.#since),
      labelled("To", this.#until),
      el("button", { type: "submit", class: "button primary" }, "Find"),
      save,
    );
    this.element = el(
      "section",
      { class: "panel", "aria-label": "Audit log" },
      el("h2", {}, "Audit log"),
      form,
      this.#rows.error,
      this.#rows.list,
      this.#rows.more,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.load();
    });
    save.addEventListener("click", () => void this.#rows.attempt(() => this.#save()));
  }

  /** Lists anew, by the filters as they are. */
  load(): void {
    this.#rows.load();
  }

  /** What concerns an account. */
  showAccount(id: string): void {
    this.#account.value = id;
    this.load();
    this.element.scrollIntoView();
  }

  async #save(): Promise<void> {
    const address = URL.createObjectURL(await exportAudit(this.#filters()));
    el("a", { href: address, download: "audit.csv" }).click();
    URL.revokeObjectURL(address);
  }

  #filters(): Filters {
    return {
      what: this.#what.value,
      account: this.#account.value.trim(),
      since: this.#since.value,
      until: this.#until.value,
    };
  }
}

function option(what: AuditEvent["what"]): [string, string] {
  return [what, actionName(what)];
}

function row(event: AuditEvent): HTMLLIElement {
  const concerned = event.account && event.account.id !== event.by.account?.id ? event.account : null;
  return el(
    "li",
    { class: "row" },
    el(
      "div",
      { class: "about" },
      el("strong", {}, actionName(event.what)),
      concerned && el("span", {}, concerned.email ?? concerned.id),
      el("p", {}, `${actorName(event.by)}${event.ip ? ` from ${event.ip}` : ""}`),
      el("p", {}, detailText(event.detail)),
    ),
    el("time", { datetime: event.at }, event.at.slice(0, 19).replace("T", " ")),
  );
}
