import { renewToken } from "../api/session";
import { createTeam, listTeams } from "../api/teams";
import type { Team, User } from "../api/types";
import { attempt } from "../ui/attempt";
import { el } from "../ui/dom";
import { roleName } from "./roles";
import { TeamView } from "./team-view";

/** The teams that the signed-in user belongs to. `onChange` hears which they are. */
export class TeamsPanel {
  readonly element: HTMLDetailsElement;
  readonly #list = el("div", { class: "teams" });
  readonly #name = el("input", {
    id: "team-name",
    type: "text",
    maxlength: 80,
    required: true,
    autocomplete: "off",
  });
  readonly #error = el("p", { class: "form-error", role: "alert", hidden: true });
  readonly #onChange: (teams: Team[]) => void;
  #user: User | null = null;

  constructor(onChange: (teams: Team[]) => void) {
    this.#onChange = onChange;
    const form = el(
      "form",
      { class: "field team-form" },
      el("label", { for: "team-name" }, "Name of a new team"),
      this.#name,
      el("button", { type: "submit", class: "button primary" }, "Make team"),
    );
    this.element = el(
      "details",
      { class: "section fold team-panel" },
      el("summary", {}, el("h2", {}, "Teams")),
      el(
        "p",
        { class: "fold-intro" },
        "What a team owns all of its members see; editors upload and change it, too.",
      ),
      this.#error,
      this.#list,
      form,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void attempt(this.#error, async () => {
        const team = await createTeam(this.#name.value.trim());
        this.#name.value = "";
        await this.#load(team.id);
      });
    });
  }

  useAccount(user: User | null): void {
    this.#user = user;
    this.element.open = false;
    this.#show([]);
    if (user) void attempt(this.#error, () => this.#load());
  }

  async #load(opened?: string): Promise<void> {
    this.#show(await listTeams(), opened);
  }

  #show(teams: Team[], opened?: string): void {
    this.#list.replaceChildren(...teams.map((team) => this.#row(team, team.id === opened)));
    this.#onChange(teams);
  }

  #row(team: Team, open: boolean): HTMLElement {
    const summary = el(
      "summary",
      {},
      el("strong", {}, team.name),
      el("span", {}, team.role && roleName(team.role)),
    );
    const row = el("details", { class: "team" }, summary);
    let view: TeamView | null = null;
    row.addEventListener("toggle", () => {
      if (!row.open || view) return;
      view = new TeamView(team, this.#user?.id ?? "", () => {
        void attempt(this.#error, async () => {
          await renewToken();
          await this.#load();
        });
      });
      row.append(view.element);
      void view.load();
    });
    row.open = open;
    return row;
  }
}
