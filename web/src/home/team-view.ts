import {
  changeRole,
  deleteTeam,
  invite,
  listInvitations,
  listMembers,
  removeMember,
  resendInvitation,
  revokeInvitation,
} from "../api/teams";
import type { Invitation, Member, SentInvitation, Team, TeamRole } from "../api/types";
import { attempt } from "../ui/attempt";
import { el } from "../ui/dom";
import { sureButton } from "../ui/sure-button";
import { ago } from "../ui/words";
import { roleName, roleSelect } from "./roles";

/** One team: who belongs to it, and for its owners who is invited and what each may. */
export class TeamView {
  readonly element: HTMLElement;
  readonly #team: Team;
  readonly #userId: string;
  readonly #onGone: () => void;
  readonly #members = el("ul", { class: "people" });
  readonly #more = el("button", { type: "button", class: "button small", hidden: true }, "Show more");
  readonly #invited = el("ul", { class: "people" });
  readonly #link = el("div", { class: "team-link", role: "status", hidden: true });
  readonly #error = el("p", { class: "form-error", role: "alert", hidden: true });
  #cursor: string | null = null;

  /** `onGone`: the user does not belong to it any more, or it is no more. */
  constructor(team: Team, userId: string, onGone: () => void) {
    this.#team = team;
    this.#userId = userId;
    this.#onGone = onGone;
    this.element = el(
      "div",
      { class: "team-view" },
      this.#error,
      this.#members,
      this.#more,
      this.#isOwner && this.#inviteForm(),
      this.#link,
      this.#isOwner && this.#invited,
      this.#isOwner && el("div", { class: "form-buttons" }, this.#deleteButton()),
    );
    this.#more.addEventListener("click", () => void attempt(this.#error, () => this.#loadMembers()));
  }

  async load(): Promise<void> {
    this.#cursor = null;
    this.#members.replaceChildren();
    await attempt(this.#error, async () => {
      await this.#loadMembers();
      if (this.#isOwner) await this.#loadInvitations();
    });
  }

  get #isOwner(): boolean {
    return this.#team.role === "owner";
  }

  async #loadMembers(): Promise<void> {
    const page = await listMembers(this.#team.id, this.#cursor);
    this.#cursor = page.next_cursor;
    this.#more.hidden = this.#cursor === null;
    this.#members.append(...page.items.map((member) => this.#memberRow(member)));
  }

  async #loadInvitations(): Promise<void> {
    const open = await listInvitations(this.#team.id);
    this.#invited.replaceChildren(...open.map((invitation) => this.#invitationRow(invitation)));
  }

  #memberRow(member: Member): HTMLLIElement {
    const isUser = member.id === this.#userId;
    const about = el(
      "div",
      { class: "person" },
      el("strong", {}, member.name),
      isUser && " (you)",
      el("p", {}, `since ${ago(member.since)}`),
    );
    const row = el("li", {}, about, this.#roleOf(member));
    const gone = () =>
      void attempt(this.#error, async () => {
        await removeMember(this.#team.id, member.id);
        if (isUser) this.#onGone();
        else row.remove();
      });
    if (isUser) row.append(sureButton("Leave", this.#team.name, gone));
    else if (this.#isOwner) row.append(sureButton("Remove", member.name, gone));
    return row;
  }

  #roleOf(member: Member): HTMLElement {
    if (!this.#isOwner || member.id === this.#userId) return el("span", {}, roleName(member.role));
    const select = roleSelect(`role-${member.id}`, member.role, `Role of ${member.name}`);
    let held = member.role;
    select.addEventListener(
      "change",
      () =>
        void attempt(this.#error, async () => {
          try {
            held = (await changeRole(this.#team.id, member.id, select.value as TeamRole)).role;
          } finally {
            select.value = held;
          }
        }),
    );
    return select;
  }

  #inviteForm(): HTMLFormElement {
    const id = `invite-${this.#team.id}`;
    const email = el("input", { id, type: "email", required: true, maxlength: 254, autocomplete: "off" });
    const role = roleSelect(`${id}-role`, "editor", "Role");
    const submit = el("button", { type: "submit", class: "button" }, "Invite");
    const form = el(
      "form",
      { class: "field invite-form" },
      el("label", { for: id }, "Invite by e-mail"),
      email,
      role,
      submit,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void attempt(this.#error, async () => {
        this.#tell(await invite(this.#team.id, email.value.trim(), role.value as TeamRole));
        form.reset();
        await this.#loadInvitations();
      });
    });
    return form;
  }

  #invitationRow(invitation: Invitation): HTMLLIElement {
    const again = el("button", { type: "button", class: "button small" }, "Send again");
    again.addEventListener(
      "click",
      () =>
        void attempt(this.#error, async () =>
          this.#tell(await resendInvitation(this.#team.id, invitation.id)),
        ),
    );
    const revoke = sureButton("Revoke", `the invitation of ${invitation.email}`, () =>
      attempt(this.#error, async () => {
        await revokeInvitation(this.#team.id, invitation.id);
        row.remove();
      }),
    );
    const facts = `${roleName(invitation.role)} · invited ${ago(invitation.created_at)}`;
    const about = el("div", { class: "person" }, el("strong", {}, invitation.email), el("p", {}, facts));
    const row = el("li", {}, about, again, revoke);
    return row;
  }

  /** Where the server sends no mail the link is for the owner to hand on. */
  #tell({ email, link }: SentInvitation): void {
    const shown =
      link &&
      el("input", { type: "text", readonly: true, value: link, "aria-label": "The invitation’s link" });
    const words = link
      ? `Send this link to ${email}. It is not shown again.`
      : `A letter is on its way to ${email}.`;
    this.#link.replaceChildren(el("p", {}, words), ...(shown ? [shown] : []));
    this.#link.hidden = false;
    if (shown) shown.select();
  }

  #deleteButton(): HTMLButtonElement {
    return sureButton("Delete team", this.#team.name, () =>
      attempt(this.#error, async () => {
        await deleteTeam(this.#team.id);
        this.#onGone();
      }),
    );
  }
}
