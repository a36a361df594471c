import { explain } from "../api/http";
import { el } from "../ui/dom";

interface Page<Item> {
  items: Item[];
  next_cursor: string | null;
}

/** A grid of videos, page by page. */
export class VideoGrid<Item> {
  readonly element: HTMLElement;
  readonly #grid = el("div", { class: "grid" });
  readonly #message = el("p", { class: "empty", role: "status", hidden: true });
  readonly #more = el("button", { type: "button", class: "button more", hidden: true }, "Show more");
  readonly #list: (cursor: string | null) => Promise<Page<Item>>;
  readonly #none: string;
  readonly #draw: (item: Item) => HTMLElement;
  #cursor: string | null = null;

  /** `list` asks for a page, `draw` makes a card of an item; `none` is said where there is nothing. */
  constructor(
    title: string,
    list: (cursor: string | null) => Promise<Page<Item>>,
    none: string,
    draw: (item: Item) => HTMLElement,
  ) {
    this.#list = list;
    this.#none = none;
    this.#draw = draw;
    const header = el("header", { class: "section-header" }, el("h2", {}, title));
    this.element = el(
      "section",
      { class: "section", "aria-label": title },
      header,
      this.#grid,
      this.#message,
      this.#more,
    );
    this.#more.addEventListener("click", () => void this.loadMore());
  }

  async loadMore(): Promise<void> {
    this.#more.disabled = true;
    try {
      const page = await this.#list(this.#cursor);
      this.#cursor = page.next_cursor;
      this.#grid.append(...page.items.map(this.#draw));
      this.#say(this.#grid.childElementCount === 0 ? this.#none : "");
      this.#more.hidden = this.#cursor === null;
      this.#more.textContent = "Show more";
    } catch (error) {
      this.#say(explain(error));
      this.#more.hidden = false;
      this.#more.textContent = "Try again";
    } finally {
      this.#more.disabled = false;
    }
  }

  #say(message: string): void {
    this.#message.textContent = message;
    this.#message.hidden = message === "";
  }
}
