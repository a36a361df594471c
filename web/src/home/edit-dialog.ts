import { explain } from "../api/http";
import type { Video, VideoSummary } from "../api/types";
import { deleteVideo, editVideo, setPassword } from "../api/videos";
import { el } from "../ui/dom";
import { sheet } from "../ui/sheet";
import { detailFields } from "./detail-fields";

/** Changes or deletes one of the user's videos. Deleting asks a second time, on the same button. */
export class EditDialog {
  readonly element: HTMLDialogElement;
  readonly #fields = detailFields("edit", { lockable: true });
  readonly #error = el("p", { class: "form-error", role: "alert", hidden: true });
  readonly #save = el("button", { type: "submit", class: "button primary" }, "Save");
  readonly #delete = el("button", { type: "button", class: "button danger" });
  readonly #onSaved: (video: Video) => void;
  readonly #onDeleted: (id: string) => void;
  #video: VideoSummary | null = null;
  #sure = false;

  constructor(onSaved: (video: Video) => void, onDeleted: (id: string) => void) {
    this.#onSaved = onSaved;
    this.#onDeleted = onDeleted;
    const buttons = el("div", { class: "form-buttons" }, this.#delete, this.#save);
    const form = el("form", { class: "form" }, ...this.#fields.elements, this.#error, buttons);
    this.element = sheet(el("h2", { id: "edit-title-line" }, "Edit video"), form);
    this.#delete.addEventListener("click", () => void this.#askOrDelete());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#saveChanges();
    });
  }

  open(video: VideoSummary): void {
    this.#video = video;
    this.#error.hidden = true;
    this.#setSure(false);
    const { owner, ...details } = video;
    this.#fields.fill(details);
    this.element.showModal();
  }

  async #saveChanges(): Promise<void> {
    if (!this.#video) return;
    const { id } = this.#video;
    const { visibility, ...words } = this.#fields.read();
    const password = this.#fields.readPassword();
    await this.#attempt(async () => {
      const video = await editVideo(id, password === null ? { ...words, visibility } : words);
      if (password) await setPassword(id, password);
      this.#onSaved({ ...video, visibility: password ? "password" : video.visibility });
    });
  }

  async #askOrDelete(): Promise<void> {
    if (!this.#sure) return this.#setSure(true);
    if (!this.#video) return;
    const { id } = this.#video;
    await this.#attempt(async () => {
      await deleteVideo(id);
      this.#onDeleted(id);
    });
  }

  async #attempt(task: () => Promise<void>): Promise<void> {
    this.#save.disabled = true;
    try {
      await task();
      this.element.close();
    } catch (error) {
      this.#error.hidden = false;
      this.#error.textContent = explain(error);
    } finally {
      this.#save.disabled = false;
    }
  }

  #setSure(sure: boolean): void {
    this.#sure = sure;
    this.#delete.textContent = sure ? "Really delete?" : "Delete";
  }
}
