import { el, setAttributes } from "../ui/dom";
import { type IconName, icon } from "../ui/icons";

export interface Choice {
  value: number;
  label: string;
  note?: string;
}

/** A button that opens a list of choices, one of which is in force. On it stands a picture, or else the choice. */
export class ChoiceMenu {
  readonly element: HTMLElement;
  readonly #button: HTMLButtonElement;
  readonly #text: HTMLSpanElement;
  readonly #list: HTMLDivElement;
  readonly #title: string;
  readonly #onChoose: (value: number) => void;
  #drawn = "";

  constructor(title: string, name: string, onChoose: (value: number) => void, picture?: IconName) {
    this.#title = title;
    this.#onChoose = onChoose;
    this.#text = el("span", { class: "menu-button-text" });
    this.#button = el(
      "button",
      {
        type: "button",
        class: "player-button menu-button",
        "aria-haspopup": "menu",
        "aria-expanded": "false",
      },
      picture ? icon(picture) : this.#text,
    );
    this.#list = el("div", { class: "player-menu", role: "menu", "aria-label": title, hidden: true });
    this.element = el("div", { class: "menu", "data-menu": name }, this.#button, this.#list);
    this.#button.addEventListener("click", () => this.toggle());
    this.#list.addEventListener("keydown", (event) => this.#onKey(event));
    this.element.addEventListener("focusout", (event) => {
      if (!this.element.contains(event.relatedTarget as Node | null)) this.close();
    });
  }

  get isOpen(): boolean {
    return !this.#list.hidden;
  }

  /** Shows `choices` with `chosen` in force; `text` stands on the button, or is said of it. */
  update(choices: Choice[], chosen: number, text: string): void {
    // Redrawing an open menu would take the focus away from the item it is on.
    const state = JSON.stringify([choices, chosen]);
    if (state !== this.#drawn) {
      this.#drawn = state;
      this.#list.replaceChildren(
        el("p", { class: "menu-title" }, this.#title),
        ...choices.map((c) => this.#item(c, chosen)),
      );
    }
    this.#text.textContent = text;
    setAttributes(this.#button, { "aria-label": `${this.#title}: ${text}`, title: this.#title });
  }

  toggle(): void {
    this.#show(!this.isOpen);
    if (!this.isOpen) return;
    const items = this.#items();
    (items.find((item) => item.getAttribute("aria-checked") === "true") ?? items[0])?.focus();
  }

  close(): void {
    this.#show(false);
  }

  #show(open: boolean): void {
    this.#list.hidden = !open;
    this.#button.setAttribute("aria-expanded", String(open));
  }

  #item({ value, label, note }: Choice, chosen: number): HTMLButtonElement {
    const item = el(
      "button",
      {
        type: "button",
        role: "menuitemradio",
        "aria-checked": String(value === chosen),
        tabindex: -1,
        "data-value": value,
      },
      el("span", { class: "menu-label" }, label),
      note ? el("span", { class: "menu-note" }, note) : null,
    );
    item.addEventListener("click", () => {
      this.#onChoose(value);
      this.close();
      this.#button.focus();
    });
    return item;
  }

  #items(): HTMLButtonElement[] {
    return [...this.#list.querySelectorAll<HTMLButtonElement>("[role=menuitemradio]")];
  }

  #onKey(event: KeyboardEvent): void {
    const items = this.#items();
    const at = items.indexOf(document.activeElement as HTMLButtonElement);
    const targets: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 };
    const target = targets[event.key];
    if (event.key === "Escape") {
      this.close();
      this.#button.focus();
    } else if (target !== undefined) {
      items.at(target % items.length)?.focus();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }
}
