import type { Team } from "../api/types";
import { el } from "../ui/dom";

/** Whose something is: the user's own, or a team's. Not shown where there is no choice. */
export class OwnerChoice {
  readonly select: HTMLSelectElement;
  readonly element: HTMLElement;
  readonly #own: string;

  constructor(id: string, label: string, own: string) {
    this.#own = own;
    this.select = el("select", { id });
    this.element = el("div", { class: "field", hidden: true }, el("label", { for: id }, label), this.select);
  }

  /** The chosen team's id; null: the user himself. */
  get owner(): string | null {
    return this.select.value || null;
  }

  /** The chosen team's name. */
  get name(): string | null {
    return this.owner && (this.select.selectedOptions[0]?.text ?? null);
  }

  /** Offers these teams; what is chosen stays chosen where it is among them. Says whether it did. */
  offer(teams: Team[], chosen = this.owner): boolean {
    const own = el("option", { value: "" }, this.#own);
    this.select.replaceChildren(own, ...teams.map(({ id, name }) => el("option", { value: id }, name)));
    this.element.hidden = teams.length === 0;
    const stays = teams.some(({ id }) => id === chosen);
    this.select.value = stays && chosen ? chosen : "";
    return stays || chosen === null;
  }
}
