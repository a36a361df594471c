import type { Chapter } from "../player/chapters";
import { el } from "../ui/dom";
import { clock } from "../ui/words";

/** A heading and a button for each chapter; nothing where there are none. */
export function chapterList(chapters: readonly Chapter[], seek: (seconds: number) => void): HTMLElement[] {
  if (chapters.length === 0) return [];
  const items = chapters.map(({ start, title }) => {
    const button = el(
      "button",
      { type: "button", class: "chapter" },
      el("span", { class: "chapter-time" }, clock(start)),
      el("span", {}, title),
    );
    button.addEventListener("click", () => seek(start));
    return el("li", {}, button);
  });
  return [el("h2", { class: "chapters-title" }, "Chapters"), el("ol", { class: "chapters-list" }, ...items)];
}
