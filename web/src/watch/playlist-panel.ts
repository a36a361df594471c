import { getPlaylist, listItems } from "../api/playlists";
import type { ItemPage, Playlist, PlaylistItem, VideoSummary } from "../api/types";
import { el, setAttributes } from "../ui/dom";
import { icon } from "../ui/icons";
import { addressIn, UNAVAILABLE } from "../ui/playlists";
import { clock } from "../ui/words";
import { beside } from "./playlist-order";

/** The playlist that the video is watched in: what comes before and behind it. */
export class PlaylistPanel {
  readonly element = el("section", { class: "playlist", "aria-labelledby": "playlist-title", hidden: true });
  readonly #place = el("p", { class: "playlist-place" });
  readonly #previous = step("previous", "Previous video");
  readonly #next = step("next", "Next video");
  readonly #list = el("ol", { class: "playlist-items" });
  readonly #earlier = el(
    "button",
    { type: "button", class: "button small", hidden: true },
    "Show earlier ones",
  );
  readonly #later = el("button", { type: "button", class: "button small", hidden: true }, "Show more");
  readonly #video: string;
  #playlist: Playlist | null = null;
  #items: PlaylistItem[] = [];
  #cursors: Pick<ItemPage, "previous_cursor" | "next_cursor"> = { previous_cursor: null, next_cursor: null };

  constructor(video: string) {
    this.#video = video;
    this.#earlier.addEventListener("click", () => void this.#loadEarlier().catch(() => undefined));
    this.#later.addEventListener("click", () => void this.#loadLater().catch(() => undefined));
  }

  /** Shows itself with a playlist that may be seen; the video plays without it, too. */
  async show(id: string): Promise<void> {
    try {
      const [playlist, page] = await Promise.all([getPlaylist(id), listItems(id, { around: this.#video })]);
      this.#open(playlist, page);
      while (!beside(this.#items, this.#video).next && this.#cursors.next_cursor) await this.#loadLater();
      while (!beside(this.#items, this.#video).previous && this.#cursors.previous_cursor)
        await this.#loadEarlier();
    } catch {
      // One that is private to others, or was deleted.
    }
  }

  /** Goes on with what comes next, if anything does. */
  playNext(): void {
    const { next } = beside(this.#items, this.#video);
    if (this.#playlist && next) location.assign(addressIn(this.#playlist.id, next, true));
  }

  #open(playlist: Playlist, page: ItemPage): void {
    this.#playlist = playlist;
    this.#cursors = page;
    this.#items = page.items;
    this.element.replaceChildren(
      el(
        "header",
        { class: "playlist-header" },
        el("div", {}, el("h2", { id: "playlist-title", class: "panel-title" }, playlist.title), this.#place),
        el("nav", { "aria-label": "Playlist" }, this.#previous, this.#next),
      ),
      el("div", { class: "playlist-scroll" }, this.#earlier, this.#list, this.#later),
    );
    this.element.hidden = false;
    this.#list.replaceChildren(...this.#rows(page.items));
    this.#draw();
    const current = this.#list.querySelector<HTMLElement>("[aria-current]");
    if (current) this.#list.parentElement?.scrollTo({ top: current.offsetTop - current.offsetHeight });
  }

  async #loadEarlier(): Promise<void> {
    const page = await this.#page(this.#cursors.previous_cursor);
    this.#cursors = { ...this.#cursors, previous_cursor: page.previous_cursor };
    this.#items = [...page.items, ...this.#items];
    this.#list.prepend(...this.#rows(page.items));
    this.#draw();
  }

  async #loadLater(): Promise<void> {
    const page = await this.#page(this.#cursors.next_cursor);
    this.#cursors = { ...this.#cursors, next_cursor: page.next_cursor };
    this.#items = [...this.#items, ...page.items];
    this.#list.append(...this.#rows(page.items));
    this.#draw();
  }

  #page(cursor: string | null): Promise<ItemPage> {
    return listItems(this.#playlist?.id ?? "", { cursor });
  }

  #draw(): void {
    const { current, previous, next } = beside(this.#items, this.#video);
    const count = this.#playlist?.items ?? 0;
    this.#place.textContent = [
      this.#playlist?.owner.name,
      current ? `${current.position} of ${count}` : `${count}`,
    ]
      .filter(Boolean)
      .join(" · ");
    this.#lead(this.#previous, previous);
    this.#lead(this.#next, next);
    this.#earlier.hidden = this.#cursors.previous_cursor === null;
    this.#later.hidden = this.#cursors.next_cursor === null;
  }

  #lead(link: HTMLAnchorElement, video: VideoSummary | null): void {
    const href = this.#playlist && video && addressIn(this.#playlist.id, video, true);
    setAttributes(link, { href, title: video?.title, "aria-disabled": video ? null : "true" });
  }

  #rows(items: readonly PlaylistItem[]): HTMLElement[] {
    return items.map(({ position, video }) => {
      const number = el("span", { class: "playlist-number" }, String(position));
      if (!video)
        return el(
          "li",
          { class: "playlist-item" },
          number,
          el("span", { class: "playlist-gone" }, UNAVAILABLE),
        );
      const link = el(
        "a",
        {
          href: addressIn(this.#playlist?.id ?? "", video),
          "aria-current": video.id === this.#video && "true",
        },
        video.title,
      );
      const length = el("span", { class: "playlist-length" }, video.duration ? clock(video.duration) : "");
      return el("li", { class: "playlist-item" }, number, link, length);
    });
  }
}

function step(name: "previous" | "next", label: string): HTMLAnchorElement {
  return el("a", { class: "icon-button", "aria-label": label }, icon(name));
}
