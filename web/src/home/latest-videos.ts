import { explain } from "../api/http";
import { listPublicVideos } from "../api/videos";
import { el } from "../ui/dom";
import { videoCard } from "./video-card";

/** The grid of public videos, newest first, page by page. */
export class LatestVideos {
  readonly element: HTMLElement;
  readonly #grid = el("div", { class: "grid" });
  readonly #message = el("p", { class: "empty", role: "status", hidden: true });
  readonly #more = el("button", { type: "button", class: "button more", hidden: true }, "Show more");
  #cursor: string | null = null;

  constructor() {
    const title = el("h2", { id: "latest-title" }, "Latest");
    const header = el("header", { class: "section-header" }, title);
    const attributes = { class: "section", "aria-labelledby": "latest-title" };
    this.element = el("section", attributes, header, this.#grid, this.#message, this.#more);
    this.#more.addEventListener("click", () => void this.loadMore());
  }

  async loadMore(): Promise<void> {
    this.#more.disabled = true;
    try {
      const page = await listPublicVideos(this.#cursor);
      this.#cursor = page.next_cursor;
      this.#grid.append(...page.items.map((video) => videoCard(video)));
      this.#say(
        this.#grid.childElementCount === 0 ? "No public videos yet. The first one could be yours." : "",
      );
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
