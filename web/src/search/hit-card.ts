import type { Hit, Snippet } from "../api/types";
import { channelAddress } from "../channel/address";
import { avatar } from "../channel/avatar";
import { picture, visibilityIcon } from "../home/video-card";
import { el } from "../ui/dom";
import { ago, clock, plural } from "../ui/words";
import { pieces } from "./marked";

/** A video that was found, with what it was found by: a line that is said leads to its moment. */
export function hitCard({ video, title, description, spoken }: Hit): HTMLElement {
  const address = `/watch/${video.id}`;
  const facts = [plural(video.views, "view"), ago(video.ready_at ?? video.created_at)].join(" · ");
  const name = el("a", { href: address }, ...marked({ text: video.title, matches: title }));
  return el(
    "article",
    { class: "card hit", "data-video": video.id },
    el("a", { class: "card-link", href: address, tabindex: -1, "aria-hidden": "true" }, picture(video)),
    el(
      "div",
      { class: "hit-about" },
      el("h3", { class: "card-title" }, name),
      el("p", { class: "card-facts" }, visibilityIcon(video), facts),
      el(
        "a",
        { class: "hit-channel", href: channelAddress(video.owner) },
        avatar(video.owner),
        video.owner.name,
      ),
      description && el("p", { class: "hit-text" }, ...marked(description)),
      ...spoken.map(({ time, language, line }) =>
        el(
          "a",
          { class: "hit-line", href: `${address}?t=${Math.floor(time)}&autoplay` },
          el("span", { class: "hit-time" }, clock(time)),
          el("span", { lang: language }, ...marked(line)),
        ),
      ),
    ),
  );
}

function marked({ text, matches }: Snippet): (Node | string)[] {
  return pieces(text, matches).map((piece) => (piece.isMatch ? el("mark", {}, piece.text) : piece.text));
}
