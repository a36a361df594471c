import { deleteComment, listOwnComments } from "../api/comments";
import type { OwnComment } from "../api/types";
import { el } from "../ui/dom";
import { PagedRows } from "../ui/paged-rows";
import { sureButton } from "../ui/sure-button";
import { ago } from "../ui/words";

const STATES: Partial<Record<OwnComment["state"], string>> = {
  held: "waits for approval",
  hidden: "hidden",
};

/** What the signed-in user has said, wherever; he may take it back. Nothing is asked for before it is opened. */
export class CommentsPanel {
  readonly element: HTMLDetailsElement;
  readonly #rows = new PagedRows(
    el("ul", { class: "entries" }),
    listOwnComments,
    (comment: OwnComment) => this.#row(comment),
    "You have not said anything yet.",
  );

  constructor() {
    this.element = el(
      "details",
      { class: "section fold comments-panel" },
      el("summary", {}, el("h2", {}, "Comments")),
      el("p", { class: "fold-intro" }, "What you have said about videos, also where you see them no longer."),
      this.#rows.error,
      this.#rows.list,
      this.#rows.more,
    );
    this.element.addEventListener("toggle", () => {
      if (this.element.open) this.#rows.load();
    });
  }

  /** Forgets what it shows: somebody else may look at the page now. */
  close(): void {
    this.element.open = false;
    this.#rows.list.replaceChildren();
  }

  #row({ id, video_id, video, state, text, created_at, edited_at }: OwnComment): HTMLElement {
    const place = video
      ? el("a", { href: `/watch/${video_id}` }, video.title)
      : "A video that you see no longer";
    const facts = [ago(created_at), edited_at && "edited", STATES[state]].filter(Boolean);
    const remove = sureButton("Delete", `“${text}”`, () =>
      this.#rows.attempt(async () => {
        await deleteComment(video_id, id);
        row.remove();
        if (!this.#rows.list.firstChild) await this.#rows.reload();
      }),
    );
    const row = el(
      "li",
      { class: "entry" },
      el(
        "div",
        { class: "entry-about" },
        el("div", { class: "entry-words" }, text),
        el("p", {}, place, ` · ${facts.join(" · ")}`),
      ),
      remove,
    );
    return row;
  }
}
