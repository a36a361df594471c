import type { Transcript, TranscriptLine } from "../api/types";
import { getTranscript } from "../api/videos";
import type { Player } from "../player/player";
import { el } from "../ui/dom";
import { clock } from "../ui/words";
import { lineAt, scrollFor } from "./transcript-lines";

/** What is said, below the player: it follows the time, and a line that is chosen is played. */
export class TranscriptPanel {
  readonly #lines: TranscriptLine[] = [];
  readonly #list = el("ol", { class: "transcript-list" });
  readonly #details: HTMLDetailsElement;
  #next: number | null;
  #current = -1;
  #held = false;

  constructor(
    readonly videoId: string,
    readonly player: Player,
    first: Transcript,
  ) {
    const note =
      first.machine_made && el("p", { class: "transcript-note" }, "Heard by a machine; it may err.");
    this.#details = el(
      "details",
      { class: "transcript-panel" },
      el("summary", {}, el("h2", { class: "chapters-title" }, "Transcript")),
      note,
      this.#list,
    );
    this.#next = first.next_after;
    this.#append(first.items);
    this.#details.addEventListener("toggle", () => {
      this.#follow();
      if (this.#details.open) void this.#loadRest();
    });
    // Whoever reads on by himself is not pulled back.
    for (const event of ["pointerenter", "focusin"])
      this.#list.addEventListener(event, () => {
        this.#held = true;
      });
    for (const event of ["pointerleave", "focusout"])
      this.#list.addEventListener(event, () => {
        this.#held = false;
      });
    player.video.addEventListener("timeupdate", () => this.#follow());
    player.video.addEventListener("seeking", () => this.#follow());
  }

  get element(): HTMLElement {
    return this.#details;
  }

  #append(items: readonly TranscriptLine[]): void {
    this.#lines.push(...items);
    this.#list.append(...items.map((line) => this.#item(line)));
  }

  #item({ start, text }: TranscriptLine): HTMLElement {
    const button = el(
      "button",
      { type: "button", class: "transcript-line" },
      el("span", { class: "chapter-time" }, clock(start)),
      el("span", {}, text),
    );
    button.addEventListener("click", () => this.player.seekTo(start));
    return el("li", {}, button);
  }

  /** A long video's transcript has several pages; they are loaded when somebody wants to read it. */
  async #loadRest(): Promise<void> {
    while (this.#next !== null) {
      const after = this.#next;
      this.#next = null; // another opening does not load them a second time
      const page = await getTranscript(this.videoId, after).catch(() => null);
      if (!page) {
        this.#next = after; // the next opening tries again
        return;
      }
      this.#append(page.items);
      this.#next = page.next_after;
    }
    this.#follow();
  }

  #follow(): void {
    if (!this.#details.open) return;
    const now = lineAt(this.#lines, this.player.video.currentTime);
    if (now === this.#current) return;
    this.#list.children[this.#current]?.removeAttribute("aria-current");
    this.#current = now;
    const item = this.#list.children[now];
    if (!(item instanceof HTMLElement)) return;
    item.setAttribute("aria-current", "true");
    if (this.#held) return;
    const list = { scrolled: this.#list.scrollTop, height: this.#list.clientHeight };
    const top = scrollFor({ top: item.offsetTop, height: item.offsetHeight }, list);
    if (top !== null) this.#list.scrollTop = top; // the list alone: the page stays where the viewer has it
  }
}
