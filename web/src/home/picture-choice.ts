import { givePicture, type Picture, removePicture } from "../api/channels";
import { ApiError, explain } from "../api/http";
import { el, setAttributes } from "../ui/dom";

const KINDS = "image/jpeg,image/png,image/webp";

/** A picture of a channel: seen as it will be cut, chosen from a file, taken away. */
export class PictureChoice {
  readonly element: HTMLElement;
  readonly #kind: Picture;
  readonly #shown = el("img", { alt: "" });
  readonly #file: HTMLInputElement;
  readonly #remove: HTMLButtonElement;
  readonly #error = el("p", { class: "field-error", role: "alert" });
  #channel = "";
  #address: string | null = null;

  /** `label` names it. */
  constructor(kind: Picture, label: string) {
    this.#kind = kind;
    const id = `channel-${kind}`;
    this.#file = el("input", { id, type: "file", accept: KINDS, class: "visually-hidden" });
    this.#remove = el(
      "button",
      { type: "button", class: "button danger small", "aria-label": `Remove the ${label.toLowerCase()}` },
      "Remove",
    );
    const choose = el("label", { class: "button small", for: id }, "Choose a file");
    this.element = el(
      "div",
      { class: "picture-choice", "data-kind": kind, role: "group", "aria-label": label },
      el("div", { class: "picture-frame" }, this.#shown),
      el(
        "div",
        { class: "picture-about" },
        el("strong", {}, label),
        el("div", { class: "picture-buttons" }, this.#file, choose, this.#remove),
        this.#error,
      ),
    );
    this.#file.setAttribute("aria-label", `Choose the ${label.toLowerCase()}`);
    this.#file.addEventListener("change", () => void this.#give());
    this.#remove.addEventListener("click", () => void this.#takeAway());
  }

  /** Shows the present picture of a channel; null: it has none. */
  show(channel: string, address: string | null): void {
    this.#channel = channel;
    this.#address = address;
    this.#error.textContent = "";
    this.#draw(address);
  }

  /** Shown at once, and as the server cut it when that is done; refused, the former one comes back. */
  async #give(): Promise<void> {
    const image = this.#file.files?.[0];
    const channel = this.#channel;
    if (!image) return;
    const preview = URL.createObjectURL(image);
    this.#draw(preview);
    await this.#attempt(channel, async () => (await givePicture(channel, this.#kind, image))[this.#kind]);
    URL.revokeObjectURL(preview);
    this.#file.value = ""; // the same file may be chosen again
  }

  async #takeAway(): Promise<void> {
    const channel = this.#channel;
    await this.#attempt(channel, async () => {
      await removePicture(channel, this.#kind);
      return null;
    });
    this.#file.focus();
  }

  async #attempt(channel: string, task: () => Promise<string | null>): Promise<void> {
    this.element.setAttribute("aria-busy", "true");
    this.#error.textContent = "";
    let address = this.#address;
    let fault = "";
    try {
      address = await task();
    } catch (error) {
      const isOther = error instanceof ApiError && error.status === 415;
      fault = isOther ? "Choose a JPEG, a PNG or a WebP image." : explain(error);
    }
    this.element.removeAttribute("aria-busy");
    if (channel !== this.#channel) return; // another one is shown meanwhile
    this.show(channel, address);
    this.#error.textContent = fault;
  }

  #draw(address: string | null): void {
    setAttributes(this.#shown, { src: address });
    this.#shown.hidden = address === null;
    this.#remove.hidden = address === null;
  }
}
