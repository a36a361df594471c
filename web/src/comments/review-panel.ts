import { changeComments, decideComment, type Queue, reviewComments } from "../api/comments";
import type { CommentPage, ReviewedComment } from "../api/types";
import { el } from "../ui/dom";
import { PagedRows } from "../ui/paged-rows";
import { reviewItem } from "./review-item";
import type { Talk } from "./talk";

const POLICIES: Record<CommentPage["policy"], string> = {
  open: "Everybody may comment",
  held: "Comments wait for me",
  off: "Comments are off",
};
const QUEUES: Record<Queue, string> = { held: "Waiting", reported: "Reported", hidden: "Hidden" };

/** For whose video it is: who may comment, and what waits for a decision. */
export class ReviewPanel {
  readonly element = el("div", { class: "comment-review" });
  readonly #queue = choice("Comments to review", QUEUES, () => this.#rows.load());
  readonly #rows = new PagedRows(
    el("ul", { class: "review-list" }),
    (cursor) => reviewComments(this.talk.video.id, this.#queue.value as Queue, cursor),
    (comment: ReviewedComment) => this.#row(comment),
    "No comments here.",
  );

  constructor(
    readonly talk: Talk,
    policy: CommentPage["policy"],
  ) {
    const policies = choice("Who may comment", POLICIES, () =>
      this.#rows.attempt(async () => {
        await changeComments(talk.video.id, { policy: policies.value as CommentPage["policy"] });
        talk.reload();
      }),
    );
    policies.value = policy;
    this.element.append(
      el("div", { class: "review-choices" }, policies, this.#queue),
      this.#rows.error,
      this.#rows.list,
      this.#rows.more,
    );
    this.#rows.load();
  }

  #row(comment: ReviewedComment): HTMLLIElement {
    return reviewItem(comment, (state) =>
      this.#rows.attempt(async () => {
        await decideComment(this.talk.video.id, comment.id, state);
        this.talk.reload();
      }),
    );
  }
}

/** A menu of a few words. */
export function choice(
  label: string,
  options: Record<string, string>,
  onChange: () => unknown,
): HTMLSelectElement {
  const items = Object.entries(options).map(([value, words]) => el("option", { value }, words));
  const select = el("select", { class: "choice", "aria-label": label }, ...items);
  select.addEventListener("change", () => void onChange());
  return select;
}
