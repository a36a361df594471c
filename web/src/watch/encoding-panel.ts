import type { Encoding, RenditionProgress } from "../api/types";
import { codecName, levelLabel } from "../player/engine";
import { el } from "../ui/dom";
import { icon } from "../ui/icons";
import { timeLeft } from "../ui/words";

/** The progress of encoding below the player: all of it, and each quality. Gone once there is nothing to wait for. */
export class EncodingPanel {
  readonly element = el("section", {
    class: "encoding-panel",
    "aria-label": "Encoding progress",
    hidden: true,
  });
  #shownBefore = false;

  draw(encoding: Encoding | null): void {
    const done = !encoding || ["complete", "resting", "cancelled"].includes(encoding.state);
    if (done && !this.#shownBefore) return;
    this.#shownBefore = true;
    this.element.hidden = false;
    this.element.dataset.state = encoding?.state ?? "complete";
    if (done || !encoding) this.#drawDone(encoding);
    else this.#drawProgress(encoding);
  }

  #drawDone(encoding: Encoding | null): void {
    const sentence = el(
      "p",
      { class: "encoding-sentence" },
      icon("check"),
      encoding === null || encoding.state === "complete"
        ? "Every quality is ready."
        : "Every quality can be watched.",
    );
    this.element.replaceChildren(sentence);
  }

  #drawProgress(encoding: Encoding): void {
    const percent = Math.round(encoding.percent);
    const header = el(
      "div",
      { class: "encoding-header" },
      el("p", { class: "encoding-sentence" }, headline(encoding)),
      el("p", { class: "encoding-figure" }, `${percent} %`),
    );
    const bar = el("progress", { max: 100, value: encoding.percent, "aria-label": "All qualities" });
    const renditions = el("ul", { class: "encoding-renditions" }, ...encoding.renditions.map(renditionItem));
    this.element.replaceChildren(header, bar, renditions);
  }
}

function headline({ state, seconds_left }: Encoding): string {
  if (state === "failed") return "Some qualities could not be made. What exists can be watched.";
  if (seconds_left === null) return "More qualities are on their way …";
  return `More qualities are on their way, ${timeLeft(seconds_left)}`;
}

function renditionName({ kind, width, height, frame_rate, bandwidth, codecs }: RenditionProgress): string {
  if (kind === "audio") return "Sound";
  const size = levelLabel(width ?? 0, height ?? 0, frame_rate ?? 0, bandwidth);
  return codecs.startsWith("avc1.") ? size : `${size} ${codecName(codecs)}`;
}

function renditionItem(rendition: RenditionProgress): HTMLElement {
  const { percent } = rendition;
  const name = renditionName(rendition);
  const done = rendition.cells > 0 && rendition.cells_stored >= rendition.cells;
  return el(
    "li",
    { class: "encoding-rendition", "data-done": done, title: rendition.left_out ?? "" },
    el("span", { class: "rendition-name" }, name),
    el("progress", { max: 100, value: percent, "aria-label": name }),
    el("span", { class: "rendition-figure" }, done ? icon("check") : `${Math.floor(percent)} %`),
  );
}
