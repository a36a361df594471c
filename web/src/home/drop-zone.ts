import { el } from "../ui/dom";
import { icon } from "../ui/icons";
import { ACCEPT } from "../upload/media-type";

/** A place to drop a film on, or to press and choose one. Files dropped beside it on the page count too. */
export class DropZone {
  readonly element: HTMLElement;
  readonly #input: HTMLInputElement;

  constructor(onFile: (file: File) => void) {
    this.#input = el("input", { type: "file", id: "upload-file", accept: ACCEPT, class: "visually-hidden" });
    this.element = el(
      "label",
      { class: "drop-zone", for: "upload-file" },
      this.#input,
      el("span", { class: "drop-picture" }, icon("upload")),
      el("span", { class: "drop-title" }, "Drop a film here"),
      el("span", { class: "drop-text" }, "or choose a file: MP4, MOV, MKV, WebM, AVI, TS …"),
    );
    this.#input.addEventListener("change", () => {
      const file = this.#input.files?.[0];
      this.#input.value = ""; // so that the same file can be chosen again
      if (file) onFile(file);
    });
    this.#listenToDrops(onFile);
  }

  /** Opens the file picker; only from a click or key press. */
  choose(): void {
    this.#input.click();
  }

  #listenToDrops(onFile: (file: File) => void): void {
    const visible = () => this.element.offsetParent !== null;
    const carriesFile = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const mark = (over: boolean) => this.element.toggleAttribute("data-over", over);
    document.addEventListener("dragover", (event) => {
      if (!visible() || !carriesFile(event)) return;
      event.preventDefault();
      mark(true);
    });
    document.addEventListener("dragleave", (event) => {
      if (event.relatedTarget === null) mark(false);
    });
    document.addEventListener("drop", (event) => {
      const file = event.dataTransfer?.files[0];
      if (!visible() || !file) return;
      event.preventDefault();
      mark(false);
      onFile(file);
    });
  }
}
