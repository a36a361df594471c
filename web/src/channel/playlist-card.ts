import type { Playlist } from "../api/types";
import { blurhashImage } from "../player/blurhash";
import { el } from "../ui/dom";
import { icon } from "../ui/icons";
import { addressIn } from "../ui/playlists";
import { ago, plural } from "../ui/words";

/** A playlist in a grid: the way to its first video, which goes on with the others. */
export function playlistCard(playlist: Playlist): HTMLElement {
  const { id, title, items, first_video, poster, placeholder, updated_at } = playlist;
  const frame = el("div", { class: "card-preview" }, icon("save"));
  const painted = blurhashImage(placeholder, 16 / 9);
  if (painted) frame.style.backgroundImage = painted;
  if (poster) frame.append(posterImage(poster));
  frame.append(el("span", { class: "card-duration" }, plural(items, "video")));
  const heading = el("h3", { class: "card-title" }, title);
  return el(
    "article",
    { class: "card" },
    first_video
      ? el("a", { class: "card-link", href: addressIn(id, { id: first_video }) }, frame, heading)
      : el("div", { class: "card-link" }, frame, heading),
    el("p", { class: "card-facts" }, `Changed ${ago(updated_at)}`),
  );
}

function posterImage(src: string): HTMLImageElement {
  const image = el("img", { src, alt: "", loading: "lazy", decoding: "async" });
  image.addEventListener("error", () => image.remove()); // of a private video only its owner's player has it
  return image;
}
