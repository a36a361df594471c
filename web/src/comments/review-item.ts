import type { ReviewedComment } from "../api/types";
import { el } from "../ui/dom";
import { ago, plural } from "../ui/words";
import { authorOf, textOf } from "./comment-item";

/** A comment that somebody decides on, with what was reported of it; `beside` stands behind its time. */
export function reviewItem(
  comment: ReviewedComment,
  decide: (state: "shown" | "hidden") => unknown,
  beside?: HTMLElement,
): HTMLLIElement {
  const button = (label: string, state: "shown" | "hidden") => {
    const made = el("button", { type: "button", class: "button small" }, label);
    made.addEventListener("click", () => void decide(state));
    return made;
  };
  const reports = comment.reports
    ? `${plural(comment.reports, "report")}: ${comment.reasons.join(" · ")}`
    : null;
  return el(
    "li",
    { class: "review-item" },
    el("p", { class: "comment-facts" }, authorOf(comment), ago(comment.created_at), beside),
    el("p", { class: "comment-text" }, ...textOf(comment)),
    reports && el("p", { class: "comment-note" }, reports),
    el(
      "div",
      { class: "comment-buttons" },
      button(comment.state === "shown" ? "Keep" : "Show", "shown"),
      comment.state !== "hidden" && button(comment.state === "held" ? "Reject" : "Hide", "hidden"),
    ),
  );
}
