import type { Hit, Snippet } from "../api/types";
import { videoCard } from "../home/video-card";
import { el } from "../ui/dom";
import { clock } from "../ui/words";
import { pieces } from "./marked";

/** A video that was found, with what it was found by: a line that is said leads to its moment. */
export function hitCard(hit: Hit): HTMLElement {
  const card = videoCard(
    hit.video,
    hit.description && el("p", { class: "hit-text" }, ...marked(hit.description)),
    ...hit.spoken.map((spoken) =>
      el(
        "a",
        { class: "hit-line", href: `/watch/${hit.video.id}?t=${Math.floor(spoken.time)}` },
        el("span", { class: "hit-time" }, clock(spoken.time)),
        el("span", { lang: spoken.language }, ...marked(spoken.line)),
      ),
    ),
  );
  card
    .querySelector(".card-title")
    ?.replaceChildren(...marked({ text: hit.video.title, matches: hit.title }));
  return card;
}

function marked({ text, matches }: Snippet): (Node | string)[] {
  return pieces(text, matches).map((piece) => (piece.isMatch ? el("mark", {}, piece.text) : piece.text));
}
