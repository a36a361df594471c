import { el } from "../ui/dom";
import { bytes, timeLeft } from "../ui/words";
import { Speedometer } from "../upload/speed";

/** The bar of an upload under way, with speed and the time that is left. */
export class UploadProgress {
  readonly element: HTMLElement;
  readonly #bar = el("progress", { max: 1, value: 0, "aria-label": "Upload" });
  readonly #percent = el("p", { class: "upload-percent" }, "0 %");
  readonly #figures = el("p", { class: "upload-figures" });
  #speed = new Speedometer();

  constructor() {
    this.element = el("div", { class: "upload-progress" }, this.#percent, this.#bar, this.#figures);
  }

  /** Begins anew, for instance after a pause, whose length must not count as slowness. */
  restart(): void {
    this.#speed = new Speedometer();
  }

  draw(sent: number, total: number): void {
    this.#speed.record(sent, performance.now());
    const speed = this.#speed.bytesPerSecond;
    const share = total ? sent / total : 0;
    this.#bar.value = share;
    this.#percent.textContent = `${Math.floor(share * 100)} %`;
    const parts = [`${bytes(sent)} of ${bytes(total)}`];
    if (speed) parts.push(`${bytes(speed)}/s`, timeLeft((total - sent) / speed));
    this.#figures.textContent = sent >= total ? "Putting the parts together …" : parts.join(" · ");
  }
}
