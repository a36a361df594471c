import { el } from "../ui/dom";
import type { TextScreen } from "./engine";

/** Draws the cues that it is given over the picture, above the controls while those are seen. */
export class CaptionScreen implements TextScreen {
  readonly element = el("div", { class: "player-captions" });
  readonly #top = el("div", { class: "captions-top" });
  readonly #bottom = el("div", { class: "captions-bottom" });
  readonly #track: TextTrack;

  constructor(video: HTMLVideoElement) {
    // The browser's own clock of cues; of a kind that it neither draws nor offers itself.
    this.#track = video.addTextTrack("metadata");
    this.#track.mode = "hidden";
    this.#track.addEventListener("cuechange", () => this.#draw());
    this.element.append(this.#top, this.#bottom);
  }

  show(cues: Iterable<VTTCue>): void {
    const wanted = new Set<TextTrackCue>(cues);
    for (const cue of [...(this.#track.cues ?? [])]) if (!wanted.delete(cue)) this.#track.removeCue(cue);
    for (const cue of wanted) this.#track.addCue(cue);
    this.#draw();
  }

  #draw(): void {
    const cues = [...(this.#track.activeCues ?? [])] as VTTCue[];
    this.#top.replaceChildren(...cues.filter(isAtTop).map(drawCue));
    this.#bottom.replaceChildren(...cues.filter((cue) => !isAtTop(cue)).map(drawCue));
  }
}

/** Whether a cue is to stand in the upper half. */
export function isAtTop({ line, snapToLines }: Pick<VTTCue, "line" | "snapToLines">): boolean {
  if (line === "auto") return false;
  return snapToLines ? line >= 0 && line < 8 : line < 50;
}

function drawCue(cue: VTTCue): HTMLElement {
  // What a cue may hold the browser parses itself: text and a few tags, never HTML.
  const words = el("span", { class: "caption" });
  words.append(cue.getCueAsHTML());
  const box = el("p", { class: "caption-line", dir: "auto" }, words);
  if (cue.align !== "center") box.style.textAlign = cue.align;
  return box;
}
