import type { Video } from "../api/types";
import { authorized, isOpen, listDownloads, offerDownload, withdrawDownload } from "../api/videos";
import { attempt } from "../ui/attempt";
import { el } from "../ui/dom";
import { icon } from "../ui/icons";
import { type DownloadRow, downloadRows, offerState } from "./download-rows";

const LOOK_AGAIN_MS = 2000; // while a file is being made

/** The files that a video is offered as. Its owner offers and withdraws them here. */
export class DownloadsPanel {
  readonly element = el("section", { class: "panel", "aria-labelledby": "downloads-title", hidden: true });
  readonly #list = el("ul", { class: "downloads" });
  readonly #error = el("p", { class: "form-error", role: "alert", hidden: true });
  #video: Video | null = null;
  #next: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    const title = el("h2", { id: "downloads-title", class: "panel-title" }, "Downloads");
    this.element.append(title, this.#list, this.#error);
  }

  /** Shows the files of a video that can be played. */
  show(video: Video): void {
    this.#video = video;
    void this.#look();
  }

  async #look(): Promise<void> {
    clearTimeout(this.#next);
    const video = this.#video;
    if (!video) return;
    const found = await listDownloads(video.id).catch(() => null); // a list less, no reason to stop
    if (!found) return;
    const rows = downloadRows(found, video.encoding?.renditions ?? []);
    const mine = found.possible.length > 0;
    this.element.hidden = rows.length === 0;
    this.#list.replaceChildren(...rows.map((row) => this.#row(video, row, mine)));
    if (found.items.some(({ state }) => state === "preparing"))
      this.#next = setTimeout(() => void this.#look(), LOOK_AGAIN_MS);
  }

  #row(video: Video, row: DownloadRow, mine: boolean): HTMLElement {
    const { offer } = row;
    const ready = offer?.state === "ready";
    return el(
      "li",
      { class: "download", "data-state": offer?.state ?? "none", "data-name": row.name },
      el(
        "p",
        { class: "download-name" },
        row.label,
        row.note ? el("span", { class: "download-note" }, row.note) : null,
      ),
      offer?.state === "preparing"
        ? el("progress", { max: 100, value: offer.percent, "aria-label": row.label })
        : null,
      el("p", { class: "download-state" }, offerState(offer)),
      el(
        "div",
        { class: "download-buttons" },
        ready ? this.#link(video, row) : null,
        mine && (!offer || offer.state === "failed")
          ? this.#button(offer ? "Try again" : "Offer", row, () => offerDownload(video.id, row.name))
          : null,
        mine && offer ? this.#button("Withdraw", row, () => withdrawDownload(video.id, row.name)) : null,
      ),
    );
  }

  #button(label: string, row: DownloadRow, task: () => Promise<unknown>): HTMLElement {
    const button = el(
      "button",
      { type: "button", class: "button", "aria-label": `${label}: ${row.label}` },
      label,
    );
    button.addEventListener("click", () => void this.#attempt(button, task));
    return button;
  }

  #link(video: Video, row: DownloadRow): HTMLElement {
    const attributes = { class: "button", href: row.offer?.path, "aria-label": `Download: ${row.label}` };
    const link = el("a", { ...attributes, download: true }, icon("download"), "Download");
    if (!isOpen(video))
      link.addEventListener("click", (event) => {
        event.preventDefault(); // a link cannot send the token
        void this.#attempt(link, () => save(row.offer?.path ?? ""));
      });
    return link;
  }

  async #attempt(control: HTMLElement, task: () => Promise<unknown>): Promise<void> {
    control.setAttribute("aria-busy", "true");
    await attempt(this.#error, task);
    control.removeAttribute("aria-busy");
    await this.#look();
  }
}

/** Fetches a private file with the token, and has the browser save it. */
async function save(path: string): Promise<void> {
  const response = await authorized(path);
  const address = URL.createObjectURL(await response.blob());
  const named = /filename\*=UTF-8''([^;]+)/.exec(response.headers.get("Content-Disposition") ?? "");
  const link = el("a", { href: address, download: decodeURIComponent(named?.[1] ?? "video") });
  link.click();
  URL.revokeObjectURL(address);
}
