import { decideComment, listReported } from "../api/comments";
import type { ReportedPage, ReviewedComment } from "../api/types";
import { reviewItem } from "../comments/review-item";
import { el } from "../ui/dom";
import { PagedRows } from "../ui/paged-rows";
import { counted } from "../ui/words";

const TITLE = "Reported comments";

/** What is reported of comments, on every video. */
export class ReportsPanel {
  readonly element: HTMLElement;
  readonly #title = el("h2", {}, TITLE);
  readonly #rows = new PagedRows(
    el("ul", { class: "review-list" }),
    (cursor) => this.#read(cursor),
    (comment: ReviewedComment) => this.#row(comment),
    "Nothing is reported.",
  );

  constructor() {
    this.element = el(
      "section",
      { class: "panel", "aria-label": TITLE },
      this.#title,
      this.#rows.error,
      this.#rows.list,
      this.#rows.more,
    );
  }

  load(): void {
    this.#rows.load();
  }

  async #read(cursor: string | null): Promise<ReportedPage> {
    const page = await listReported(cursor);
    this.#title.textContent = counted(TITLE, page.reported);
    return page;
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
