import { explain } from "../api/http";
import { el } from "./dom";

interface Page<Item> {
  items: Item[];
  next_cursor: string | null;
}

/** Rows that are fetched a page at a time, with a button for more of them and a line for what went wrong. */
export class PagedRows<Item> {
  readonly error = el("p", { class: "form-error", role: "alert", hidden: true });
  readonly more = el("button", { type: "button", class: "button more", hidden: true }, "Show more");
  readonly #read: (cursor: string | null) => Promise<Page<Item>>;
  readonly #row: (item: Item) => HTMLElement;
  readonly #none: string;
  #cursor: string | null = null;

  /** `none` is said where there are none. */
  constructor(
    readonly list: HTMLElement,
    read: (cursor: string | null) => Promise<Page<Item>>,
    row: (item: Item) => HTMLElement,
    none: string,
  ) {
    this.#read = read;
    this.#row = row;
    this.#none = none;
    this.more.addEventListener("click", () => void this.attempt(() => this.#append()));
  }

  /** Shows them anew, from the first page on. */
  load(): void {
    void this.attempt(() => this.reload());
  }

  async reload(): Promise<void> {
    this.#cursor = null;
    await this.#append();
  }

  /** Does something about them, and tells where it fails. */
  async attempt(task: () => Promise<void>): Promise<void> {
    this.error.hidden = true;
    try {
      await task();
    } catch (error) {
      this.error.hidden = false;
      this.error.textContent = explain(error);
    }
  }

  async #append(): Promise<void> {
    const first = this.#cursor === null;
    const page = await this.#read(this.#cursor);
    if (first) this.list.replaceChildren();
    this.#cursor = page.next_cursor;
    this.more.hidden = this.#cursor === null;
    this.list.append(...page.items.map((item) => this.#row(item)));
    if (!this.list.firstChild) this.list.append(el("li", { class: "none" }, this.#none));
  }
}
