import type { Storyboard } from "../api/types";
import { el } from "../ui/dom";

/** Gives the storyboard, or null where there is none yet, and the address of a sheet that an `img` can load. */
export interface StoryboardSource {
  load(): Promise<Storyboard | null>;
  sheet(path: string): Promise<string>;
}

export interface Tile {
  sheet: number;
  left: number;
  top: number;
}

const ASK_AGAIN_MS = 5000; // while it is still being made

/** Where the picture of a moment is. */
export function tileAt(board: Storyboard, seconds: number): Tile {
  const tile = Math.max(0, Math.min(Math.floor((seconds + board.lead) / board.interval), board.tiles - 1));
  const place = tile % (board.columns * board.rows);
  return {
    sheet: Math.floor(tile / (board.columns * board.rows)),
    left: (place % board.columns) * board.tile_width,
    top: Math.floor(place / board.columns) * board.tile_height,
  };
}

/** The small picture over the time line. Nothing is loaded before somebody looks for the first time. */
export class TileView {
  readonly element = el("div", { class: "timeline-tile", "aria-hidden": "true", hidden: true });
  #source: StoryboardSource | null = null;
  #board: Storyboard | null = null;
  #sheets = new Map<string, Promise<string>>();
  #askedAt = -ASK_AGAIN_MS;
  #seconds = 0;

  setSource(source: StoryboardSource): void {
    this.#source = source;
  }

  /** Shows the picture of a moment, as soon as it is there. */
  show(seconds: number): void {
    this.#seconds = seconds;
    if (this.#board) void this.#draw(this.#board);
    else void this.#ask();
  }

  async #ask(): Promise<void> {
    const now = performance.now();
    if (!this.#source || now - this.#askedAt < ASK_AGAIN_MS) return;
    this.#askedAt = now;
    this.#board = await this.#source.load().catch(() => null); // the time alone is enough to seek by
    if (this.#board) await this.#draw(this.#board);
  }

  async #draw(board: Storyboard): Promise<void> {
    const { sheet, left, top } = tileAt(board, this.#seconds);
    const address = await this.#sheet(board.sheets[sheet] ?? "").catch(() => null);
    const now = tileAt(board, this.#seconds);
    if (now.sheet !== sheet || now.left !== left || now.top !== top) return; // the pointer went on
    this.element.hidden = address === null;
    Object.assign(this.element.style, {
      width: `${board.tile_width}px`,
      height: `${board.tile_height}px`,
      backgroundImage: address ? `url("${address}")` : "none",
      backgroundPosition: `${-left}px ${-top}px`,
    });
  }

  #sheet(path: string): Promise<string> {
    let address = this.#sheets.get(path);
    if (!address && this.#source) {
      address = this.#source.sheet(path);
      this.#sheets.set(path, address);
      address.catch(() => this.#sheets.delete(path));
    }
    return address ?? Promise.reject(new Error("There is no storyboard."));
  }
}
