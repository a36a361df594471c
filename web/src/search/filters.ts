import { getChannel } from "../api/channels";
import { currentUser } from "../api/session";
import { el, find } from "../ui/dom";
import { chooseLanguage, offerLanguages } from "../ui/language-options";
import { isFiltered } from "./wanted";

const WIDE = "(width > 700px)";
const MINE = "Mine";

/** The fields that narrow a search. They belong to the form of the header, wherever they stand. */
export class Filters {
  readonly #form: HTMLFormElement;
  readonly #owner: HTMLSelectElement;
  readonly #languages: HTMLSelectElement[];
  readonly #clear = find<HTMLButtonElement>("#clear");

  /** `onChange` runs when something else is wanted. */
  constructor(form: HTMLFormElement, onChange: () => void) {
    this.#form = form;
    const fields = find<HTMLDetailsElement>("#filters");
    const select = (name: string) => find<HTMLSelectElement>(`[name=${name}]`, fields);
    this.#owner = select("owner");
    this.#languages = [select("language"), select("captions")];
    for (const languages of this.#languages) offerLanguages(languages);
    fields.open = matchMedia(WIDE).matches || isFiltered(new URLSearchParams(location.search));
    fields.addEventListener("change", onChange);
    this.#clear.addEventListener("click", () => {
      this.fill(new URLSearchParams({ q: new FormData(form).get("q") as string }));
      onChange();
      find("summary", fields).focus(); // the button is gone
    });
    void this.#offerOneself();
  }

  /** Shows what an address of the page asks for. */
  fill(address: URLSearchParams): void {
    const owner = address.get("owner");
    if (owner && ![...this.#owner.options].some(({ value }) => value === owner))
      void this.#offerChannel(owner);
    for (const field of this.#form.elements) {
      if (field instanceof HTMLInputElement) field.value = address.get(field.name) ?? "";
      if (!(field instanceof HTMLSelectElement)) continue;
      const value = address.get(field.name) ?? "";
      if (this.#languages.includes(field)) chooseLanguage(field, value);
      else field.value = value;
      if (field.selectedIndex < 0) field.selectedIndex = 0; // nothing that is offered
    }
    this.#clear.hidden = !isFiltered(address);
  }

  async #offerOneself(): Promise<void> {
    const user = await currentUser().catch(() => null);
    if (user) this.#offer(user.id, MINE);
  }

  /** At once, so that it is chosen; its name follows. */
  async #offerChannel(id: string): Promise<void> {
    this.#offer(id, "One channel");
    const user = await currentUser().catch(() => null);
    const name = user?.id === id ? MINE : (await getChannel(id).catch(() => null))?.name;
    if (name) this.#offer(id, name);
  }

  #offer(id: string, label: string): void {
    const present = [...this.#owner.options].find(({ value }) => value === id);
    if (present) present.text = label;
    else this.#owner.append(el("option", { value: id }, label));
  }
}
