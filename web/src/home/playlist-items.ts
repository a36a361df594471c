import { listItems, moveItem, removeItem } from "../api/playlists";
import type { Playlist, PlaylistItem } from "../api/types";
import { el } from "../ui/dom";
import { icon } from "../ui/icons";
import { addressIn, UNAVAILABLE } from "../ui/playlists";
import { placeAt } from "./item-order";

/** What is in a playlist, arranged by drag and by buttons. `attempt` runs what may fail, and tells why it did;
 * `onRemove` hears of each item that is taken out. */
export class PlaylistItems {
  readonly element: HTMLElement;
  readonly #list = el("ol", { class: "arranged" });
  readonly #more = el("button", { type: "button", class: "button small", hidden: true }, "Show more");
  readonly #none = el("p", { class: "fold-intro", hidden: true }, "Nothing yet: save a video from its page.");
  readonly #said = el("p", { class: "visually-hidden", role: "status" });
  readonly #playlist: Playlist;
  readonly #attempt: (task: () => Promise<void>) => Promise<void>;
  readonly #onRemove: () => void;
  #cursor: string | null = null;
  #dragged: HTMLElement | null = null;

  constructor(
    playlist: Playlist,
    attempt: (task: () => Promise<void>) => Promise<void>,
    onRemove: () => void,
  ) {
    this.#playlist = playlist;
    this.#attempt = attempt;
    this.#onRemove = onRemove;
    this.element = el("div", {}, this.#none, this.#list, this.#more, this.#said);
    this.#more.addEventListener("click", () => void attempt(() => this.loadMore()));
    this.#list.addEventListener("dragover", (event) => this.#dragOver(event));
    this.#list.addEventListener("drop", (event) => event.preventDefault());
  }

  async loadMore(): Promise<void> {
    const page = await listItems(this.#playlist.id, { cursor: this.#cursor });
    this.#cursor = page.next_cursor;
    this.#more.hidden = this.#cursor === null;
    this.#list.append(...page.items.map((item) => this.#row(item)));
    this.#none.hidden = this.#rows.length > 0;
  }

  get #rows(): HTMLElement[] {
    return [...this.#list.children] as HTMLElement[];
  }

  #row({ id, video }: PlaylistItem): HTMLElement {
    const title = video?.title ?? UNAVAILABLE;
    const button = (
      name: "up" | "down" | "close",
      label: string,
      act: (button: HTMLElement) => Promise<void>,
    ) => {
      const made = el(
        "button",
        { type: "button", class: "icon-button", "aria-label": `${label}: ${title}` },
        icon(name),
      );
      made.addEventListener("click", () => void this.#attempt(() => act(made)));
      return made;
    };
    const row: HTMLElement = el(
      "li",
      { class: "arranged-item", draggable: "true", "data-item": id },
      video
        ? el("a", { href: addressIn(this.#playlist.id, video), draggable: "false" }, title)
        : el("span", {}, title),
      button("up", "Move up", (pressed) => this.#step(row, -1, pressed)),
      button("down", "Move down", (pressed) => this.#step(row, 1, pressed)),
      button("close", "Remove", async () => {
        await removeItem(this.#playlist.id, id);
        row.remove();
        this.#onRemove();
        this.#none.hidden = this.#rows.length > 0;
      }),
    );
    row.addEventListener("dragstart", (event) => {
      event.dataTransfer?.setData("text/plain", title); // without any, some browsers drag nothing
      this.#dragged = row;
    });
    row.addEventListener("dragend", () => {
      this.#dragged = null;
      void this.#attempt(() => this.#settle(row));
    });
    return row;
  }

  /** Shows where it would stand if it were dropped here. */
  #dragOver(event: DragEvent): void {
    if (!this.#dragged) return;
    event.preventDefault();
    const over = (event.target as Element).closest<HTMLElement>(".arranged-item");
    if (!over || over === this.#dragged) return;
    const { top, height } = over.getBoundingClientRect();
    if (event.clientY < top + height / 2) over.before(this.#dragged);
    else over.after(this.#dragged);
  }

  async #step(row: HTMLElement, by: -1 | 1, pressed: HTMLElement): Promise<void> {
    if (by < 0) row.previousElementSibling?.before(row);
    else row.nextElementSibling?.after(row);
    pressed.focus();
    await this.#settle(row);
  }

  /** Tells the server where a row stands now; one that it refuses goes back by a look at what there is. */
  async #settle(row: HTMLElement): Promise<void> {
    const ids = this.#rows.map(({ dataset }) => dataset.item ?? "");
    const to = this.#rows.indexOf(row);
    const id = row.dataset.item ?? "";
    try {
      const moved = await moveItem(this.#playlist.id, id, placeAt(ids, id, to));
      this.#said.textContent = `Moved to place ${moved.position}.`;
    } catch (error) {
      this.#cursor = null;
      this.#list.replaceChildren();
      await this.loadMore();
      throw error;
    }
  }
}
