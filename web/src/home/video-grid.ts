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
  readonly #none: string | HTMLElement;
  readonly #draw: (item: Item) => HTMLElement;
  #cursor: string | null = null;
  #round = 0;

  /**
   * `list` asks for a page, `draw` makes a card of an item; `none` is said where there is nothing, and where that is
   * nothing too the grid hides. `aside` stands beside the title.
   */
  constructor(
    title: string,
    list: (cursor: string | null) => Promise<Page<Item>>,
    none: string | HTMLElement,
    draw: (item: Item) => HTMLElement,
    ...aside: HTMLElement[]
  ) {
    this.#list = list;
    this.#none = none;
    this.#draw = draw;
    const header = el("header", { class: "section-header" }, el("h2", {}, title), ...aside);
    this.element = el(
      "section",
      { class: "section", "aria-label": title, hidden: none === "" },
      header,
      this.#grid,
      this.#message,
      this.#more,
    );
    this.#more.addEventListener("click", () => void this.loadMore());
  }

  /** From the beginning: something else is listed now. */
  async reload(): Promise<void> {
    this.#round++;
    this.#cursor = null;
    this.#grid.replaceChildren();
    await this.loadMore();
  }

  async loadMore(): Promise<void> {
    const round = this.#round;
    this.#more.disabled = true;
    try {
      const page = await this.#list(this.#cursor);
      if (round !== this.#round) return;
      this.#cursor = page.next_cursor;
      this.#grid.append(...page.items.map(this.#draw));
      const isEmpty = this.#grid.childElementCount === 0;
      this.element.hidden = isEmpty && this.#none === "";
      this.#say(isEmpty ? this.#none : "");
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

  #say(message: string | HTMLElement): void {
    this.#message.replaceChildren(message);
    this.#message.hidden = message === "";
  }
}
