import { decideComment, listReported } from "../api/comments";
import type { ReviewedComment } from "../api/types";
import { reviewItem } from "../comments/review-item";
import { el } from "../ui/dom";
import { PagedRows } from "../ui/paged-rows";

/** What is reported of comments, on every video. */
export class ReportsPanel {
  readonly element: HTMLElement;
  readonly #rows = new PagedRows(
    el("ul", { class: "review-list" }),
    listReported,
    (comment: ReviewedComment) => this.#row(comment),
    "Nothing is reported.",
  );

  constructor() {
    this.element = el(
      "section",
      { class: "panel", "aria-label": "Reported comments" },
      el("h2", {}, "Reported comments"),
      this.#rows.error,
      this.#rows.list,
      this.#rows.more,
    );
  }

  load(): void {
    this.#rows.load();
  }

  #row(comment: ReviewedComment): HTMLLIElement {
    const { id, video_id } = comment;
    const decide = (state: "shown" | "hidden") =>
      this.#rows.attempt(async () => {
        await decideComment(video_id, id, state);
        await this.#rows.reload();
      });
    return reviewItem(comment, decide, el("a", { href: `/watch/${video_id}` }, "The video"));
  }
}
