import { changeComments, decideComment, type Queue, reviewComments } from "../api/comments";
import type { CommentPage, ReviewedComment } from "../api/types";
import { attempt } from "../ui/attempt";
import { el } from "../ui/dom";
import { ago, plural } from "../ui/words";
import { textOf } from "./comment-item";
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
  readonly #list = el("ul", { class: "review-list" });
  readonly #more = el("button", { type: "button", class: "button small" }, "More");
  readonly #error = el("p", { class: "form-error", role: "alert", hidden: true });
  readonly #queue = choice("Comments to review", QUEUES, () => this.#load(null));
  #cursor: string | null = null;

  constructor(
    readonly talk: Talk,
    policy: CommentPage["policy"],
  ) {
    const policies = choice("Who may comment", POLICIES, () =>
      attempt(this.#error, async () => {
        await changeComments(talk.video.id, { policy: policies.value as CommentPage["policy"] });
        talk.reload();
      }),
    );
    policies.value = policy;
    this.#more.addEventListener("click", () => void this.#load(this.#cursor));
    this.element.append(
      el("div", { class: "review-choices" }, policies, this.#queue),
      this.#error,
      this.#list,
      this.#more,
    );
    void this.#load(null);
  }

  #load(cursor: string | null): Promise<void> {
    return attempt(this.#error, async () => {
      const page = await reviewComments(this.talk.video.id, this.#queue.value as Queue, cursor);
      if (!cursor) this.#list.replaceChildren();
      this.#list.append(...page.items.map((item) => this.#item(item)));
      this.#cursor = page.next_cursor;
      this.#more.hidden = !page.next_cursor;
    });
  }

  #item(comment: ReviewedComment): HTMLElement {
    const decide = (label: string, state: "shown" | "hidden") => {
      const made = el("button", { type: "button", class: "button small" }, label);
      made.addEventListener("click", () =>
        attempt(this.#error, async () => {
          await decideComment(this.talk.video.id, comment.id, state);
          this.talk.reload();
        }),
      );
      return made;
    };
    const reports = comment.reports
      ? `${plural(comment.reports, "report")}: ${comment.reasons.join(" · ")}`
      : null;
    return el(
      "li",
      { class: "review-item" },
      el(
        "p",
        { class: "comment-facts" },
        el("span", { class: "comment-author" }, comment.author?.name ?? ""),
        ago(comment.created_at),
      ),
      el("p", { class: "comment-text" }, ...textOf(comment)),
      reports && el("p", { class: "comment-note" }, reports),
      el(
        "div",
        { class: "comment-buttons" },
        decide(comment.state === "shown" ? "Keep" : "Show", "shown"),
        comment.state !== "hidden" && decide(comment.state === "held" ? "Reject" : "Hide", "hidden"),
      ),
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
