import type { Video } from "../api/types";
import { tagAddress } from "../home/tags";
import { el } from "../ui/dom";
import { icon } from "../ui/icons";
import { ago } from "../ui/words";

const VISIBILITY_NOTES = {
  public: "",
  unlisted: "Unlisted: only people with the link",
  private: "Private: only you and those you share it with",
  signed: "Only with a signed link",
  password: "Only with the password",
};

/** Title, owner, date, description and tags under the player. */
export function detailsElement(video: Video, owner: HTMLElement): HTMLElement {
  const date = video.published_at ?? video.ready_at ?? video.created_at;
  const note = VISIBILITY_NOTES[video.visibility];
  const facts = el(
    "div",
    { class: "watch-facts" },
    owner,
    el("time", { datetime: date, title: new Date(date).toLocaleString() }, ago(date)),
    note &&
      el("span", { class: "visibility-note" }, icon(video.visibility === "unlisted" ? "link" : "lock"), note),
  );
  return el(
    "div",
    { class: "watch-details" },
    el("h1", { class: "watch-title" }, video.title),
    facts,
    video.description ? el("p", { class: "watch-description" }, video.description) : null,
    tagList(video),
    technicalLine(video),
  );
}

function tagList({ tags }: Video): HTMLElement | null {
  if (tags.length === 0) return null;
  const links = tags.map((tag) => el("li", {}, el("a", { class: "tag", href: tagAddress(tag) }, tag)));
  return el("ul", { class: "tag-list", "aria-label": "Tags" }, ...links);
}

function technicalLine(video: Video): HTMLElement | null {
  const pictures = video.encoding?.renditions.filter((rendition) => rendition.kind === "video") ?? [];
  const qualities = new Set(pictures.map(({ width, height }) => `${width}x${height}`)).size; // a codec is none
  const parts = [
    video.width && video.height ? `${video.width} × ${video.height}` : null,
    qualities ? `${qualities} ${qualities === 1 ? "quality" : "qualities"}` : null,
  ].filter(Boolean);
  return parts.length > 0 ? el("p", { class: "watch-technical" }, parts.join(" · ")) : null;
}
