import type { Channel } from "../api/types";
import { el } from "../ui/dom";
import { plural } from "../ui/words";
import { avatar } from "./avatar";

/** What stands above the videos of a channel; `subscribe` beside its name. */
export function channelHeader(channel: Channel, subscribe: HTMLElement): HTMLElement {
  const { name, handle, banner, description, links, videos } = channel;
  const facts = [handle && `@${handle}`, plural(videos, "video"), ""]
    .filter((fact) => fact !== null)
    .join(" · ");
  const search = el("a", { href: `/search?owner=${encodeURIComponent(channel.id)}` }, "Search this channel");
  return el(
    "header",
    { class: "channel-header" },
    banner && el("img", { class: "channel-banner", src: banner, alt: "", width: 1600, height: 400 }),
    el(
      "div",
      { class: "channel-about" },
      avatar(channel),
      el(
        "div",
        { class: "channel-name" },
        el("h1", {}, name),
        el("p", { class: "channel-facts" }, facts, search),
      ),
      subscribe,
    ),
    description && el("p", { class: "channel-description" }, description),
    links.length > 0 &&
      el(
        "ul",
        { class: "channel-links" },
        ...links.map(({ title, url }) => el("li", {}, outward(url, title || url))),
      ),
  );
}

/** A link that somebody wrote: what it leads to learns nothing, and gains nothing. */
function outward(href: string, text: string): HTMLElement {
  return el("a", { href, rel: "nofollow ugc noopener noreferrer" }, text);
}
