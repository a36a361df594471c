import { clearHistory, forgetWatched, listHistory, pauseHistory } from "../api/history";
import type { WatchedVideo } from "../api/types";
import { attempt } from "../ui/attempt";
import { el } from "../ui/dom";
import { icon } from "../ui/icons";
import { ago, clock } from "../ui/words";
import { picture } from "./video-card";

/** What the signed-in user has watched, and where each goes on. Nothing is asked for before it is opened. */
export class HistoryPanel {
  readonly element: HTMLDetailsElement;
  readonly #list = el("ul", { class: "history" });
  readonly #none = el("p", { class: "fold-intro", hidden: true }, "Nothing yet.");
  readonly #more = el("button", { type: "button", class: "button more", hidden: true }, "Show more");
  readonly #paused = el("input", { type: "checkbox" });
  readonly #clear = el("button", { type: "button", class: "button danger small" }, "Forget everything");
  readonly #error = el("p", { class: "form-error", role: "alert", hidden: true });
  #cursor: string | null = null;

  constructor() {
    this.element = el(
      "details",
      { class: "section fold history-panel" },
      el("summary", {}, el("h2", {}, "History")),
      el("div", { class: "history-choices" }, el("label", {}, this.#paused, "Note nothing"), this.#clear),
      this.#error,
      this.#none,
      this.#list,
      this.#more,
    );
    this.element.addEventListener("toggle", () => {
      if (this.element.open) void attempt(this.#error, () => this.#load());
    });
    this.#more.addEventListener("click", () => void attempt(this.#error, () => this.#loadMore()));
    this.#paused.addEventListener(
      "change",
      () => void attempt(this.#error, () => pauseHistory(this.#paused.checked)),
    );
    this.#clear.addEventListener("click", () => void attempt(this.#error, () => this.#forgetAll()));
  }

  /** Forgets what it shows: somebody else may look at the page now. */
  close(): void {
    this.element.open = false;
    this.#list.replaceChildren();
  }

  async #load(): Promise<void> {
    this.#cursor = null;
    this.#list.replaceChildren();
    await this.#loadMore();
  }

  async #loadMore(): Promise<void> {
    const page = await listHistory(this.#cursor);
    this.#cursor = page.next_cursor;
    this.#more.hidden = this.#cursor === null;
    this.#paused.checked = page.paused;
    this.#list.append(...page.items.map((watched) => this.#row(watched)));
    this.#countRows();
  }

  async #forgetAll(): Promise<void> {
    await clearHistory();
    this.#list.replaceChildren();
    this.#more.hidden = true;
    this.#countRows();
  }

  #row({ video, position, watched_at }: WatchedVideo): HTMLElement {
    const forget = el(
      "button",
      { type: "button", class: "icon-button", "aria-label": `Forget ${video.title}` },
      icon("close"),
    );
    const address = `/watch/${video.id}`;
    const seen = el("span", { class: "history-seen" });
    seen.style.width = `${Math.min(100, (100 * position) / (video.duration || 1))}%`;
    const row = el(
      "li",
      { class: "history-row" },
      el(
        "a",
        { class: "history-picture", href: address, tabindex: -1, "aria-hidden": "true" },
        picture(video),
        seen,
      ),
      el("a", { href: address }, video.title),
      el("span", { class: "history-facts" }, `at ${clock(position)} · ${ago(watched_at)}`),
      forget,
    );
    forget.addEventListener("click", () =>
      attempt(this.#error, async () => {
        await forgetWatched(video.id);
        row.remove();
        this.#countRows();
      }),
    );
    return row;
  }

  #countRows(): void {
    const isEmpty = this.#list.childElementCount === 0;
    this.#none.hidden = !isEmpty;
    this.#clear.hidden = isEmpty;
  }
}
