import { changeComments, decideComment, type Queue, reviewComments } from "../api/comments";
import type { CommentPage, ReviewedComment, ReviewPage } from "../api/types";
import { el } from "../ui/dom";
import { PagedRows } from "../ui/paged-rows";
import { counted } from "../ui/words";
import { reviewItem } from "./review-item";
import type { Talk } from "./talk";

const POLICIES: Record<CommentPage["policy"], string> = {
  open: "Everybody may comment",
  held: "Comments wait for me",
  off: "Comments are off",
};
const QUEUES: [Queue, string][] = [
  ["held", "Waiting"],
  ["reported", "Reported"],
  ["hidden", "Hidden"],
];

/** For whose video it is: who may comment, and what waits for a decision. */
export class ReviewPanel {
  readonly element = el("div", { class: "comment-review", hidden: true });
  readonly #queues = QUEUES.map(([queue, label]) => ({
    queue,
    label,
    button: this.#queueButton(queue, label),
  }));
  #queue: Queue = "held";
  readonly #rows = new PagedRows(
    el("ul", { class: "review-list" }),
    (cursor) => this.#read(cursor),
    (comment: ReviewedComment) => this.#row(comment),
    "No comments here.",
  );

  readonly #policy = choice("Who may comment", POLICIES, () =>
    this.#rows.attempt(async () => {
      const policy = this.#policy.value as CommentPage["policy"];
      await changeComments(this.talk.video.id, { policy });
      this.talk.reload();
    }),
  );

  constructor(readonly talk: Talk) {
    const queues = el(
      "div",
      { class: "review-choices", role: "group", "aria-label": "Comments to review" },
      ...this.#queues.map(({ button }) => button),
    );
    this.element.append(
      el("div", { class: "review-choices" }, this.#policy, queues),
      this.#rows.error,
      this.#rows.list,
      this.#rows.more,
    );
  }

  /** Reads anew what waits in the queue that is looked at; null: nobody who moderates is here. */
  show(policy: CommentPage["policy"] | null): void {
    this.element.hidden = policy === null;
    if (policy === null) {
      this.#rows.list.replaceChildren(); // somebody else may look at the page now
      return;
    }
    this.#policy.value = policy;
    this.#rows.load();
  }

  async #read(cursor: string | null): Promise<ReviewPage> {
    const page = await reviewComments(this.talk.video.id, this.#queue, cursor);
    const waiting: Record<Queue, number> = { held: page.held, reported: page.reported, hidden: 0 };
    for (const { queue, label, button } of this.#queues) button.textContent = counted(label, waiting[queue]);
    return page;
  }

  #queueButton(queue: Queue, label: string): HTMLButtonElement {
    const made = el(
      "button",
      { type: "button", class: "button quiet small", "aria-pressed": String(queue === "held") },
      label,
    );
    made.addEventListener("click", () => {
      this.#queue = queue;
      for (const { button } of this.#queues) button.setAttribute("aria-pressed", String(button === made));
      this.#rows.load();
    });
    return made;
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
