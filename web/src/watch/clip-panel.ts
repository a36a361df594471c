import { explain } from "../api/http";
import { randomKey } from "../api/random-key";
import { currentUser } from "../api/session";
import type { Video } from "../api/types";
import { isOurs, makeClip } from "../api/videos";
import type { Player } from "../player/player";
import { el } from "../ui/dom";
import { icon } from "../ui/icons";
import { type ClipRange, marked, preciseClock, whyNot } from "./clip-range";

/** Cuts a part out of one's own video: its ends are marked where the player stands. */
export class ClipPanel {
  readonly element = el("section", { class: "panel", "aria-labelledby": "clip-title", hidden: true });
  readonly #marks = { start: mark("start", "Start here"), end: mark("end", "End here") };
  readonly #title = el("input", { id: "clip-name", type: "text", maxlength: 100, autocomplete: "off" });
  readonly #make = el("button", { type: "submit", class: "button primary" }, "Make clip");
  readonly #said = el("p", { class: "clip-said", role: "status" });
  readonly #player: () => Player | null;
  #range: ClipRange = { start: null, end: null };
  #video: Video | null = null;
  #key = randomKey();

  constructor(player: () => Player | null) {
    this.#player = player;
    const name = el(
      "div",
      { class: "field clip-name" },
      el("label", { for: "clip-name" }, "Title"),
      this.#title,
    );
    const form = el(
      "form",
      { class: "clip-form" },
      this.#marks.start.element,
      this.#marks.end.element,
      name,
      this.#make,
    );
    this.element.append(
      el("h2", { id: "clip-title", class: "panel-title" }, "Make a clip"),
      form,
      this.#said,
    );
    for (const which of ["start", "end"] as const)
      this.#marks[which].button.addEventListener("click", () => this.#mark(which));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#send();
    });
    this.#draw();
  }

  /** Shows itself to whoever may change a video that can be played. */
  async show(video: Video): Promise<void> {
    this.#video = video;
    const user = await currentUser().catch(() => null);
    this.element.hidden = user === null || !isOurs(video);
  }

  #mark(which: "start" | "end"): void {
    const player = this.#player();
    if (!player) return;
    this.#range = marked(this.#range, which, player.video.currentTime);
    this.#key = randomKey();
    this.#draw();
  }

  #draw(): void {
    for (const which of ["start", "end"] as const) {
      const moment = this.#range[which];
      this.#marks[which].time.textContent = moment === null ? "not set" : preciseClock(moment);
    }
    const why = whyNot(this.#range);
    const { start, end } = this.#range;
    this.#make.disabled = why !== null;
    this.#said.replaceChildren(
      why ?? `${preciseClock((end ?? 0) - (start ?? 0))} long. It begins as private.`,
    );
  }

  async #send(): Promise<void> {
    const { start, end } = this.#range;
    if (!this.#video || start === null || end === null) return;
    const title = this.#title.value.trim();
    this.#make.disabled = true;
    try {
      const clip = await makeClip(
        this.#video.id,
        { start, end, description: "", visibility: "private", ...(title ? { title } : {}) },
        this.#key,
      );
      this.#range = { start: null, end: null };
      this.#draw();
      const link = el("a", { href: `/watch/${clip.id}` }, icon("film"), `Watch “${clip.title}”`);
      this.#said.replaceChildren(link);
    } catch (error) {
      this.#make.disabled = false;
      this.#said.replaceChildren(el("span", { class: "form-error" }, explain(error)));
    }
  }
}

function mark(name: string, label: string) {
  const time = el("output", { class: "clip-time", "data-mark": name });
  const button = el("button", { type: "button", class: "button" }, label);
  return { time, button, element: el("div", { class: "clip-mark" }, button, time) };
}
