import { el } from "../ui/dom";
import { icon } from "../ui/icons";
import { refusal, withTyped } from "./tags";

/** A video's tags: typed, and taken by a comma or Enter; each taken away by its button, the last one by Backspace. */
export class TagField {
  readonly element: HTMLElement;
  readonly #chosen = el("ul", { class: "tag-list" });
  readonly #input: HTMLInputElement;
  readonly #refused: HTMLElement;
  #tags: string[] = [];

  constructor(id: string) {
    this.#refused = el("p", { id: `${id}-refused`, class: "field-error", role: "alert" });
    this.#input = el("input", {
      id,
      type: "text",
      autocomplete: "off",
      placeholder: "Divided by commas",
      "aria-describedby": this.#refused.id,
    });
    const label = el("label", { for: id }, "Tags");
    this.element = el("div", { class: "field" }, label, this.#chosen, this.#input, this.#refused);
    this.#input.addEventListener("input", () => {
      if (this.#input.value.includes(",")) this.#take();
    });
    this.#input.addEventListener("change", () => this.#take());
    this.#input.addEventListener("keydown", (event) => this.#press(event));
    this.#draw();
  }

  get tags(): string[] {
    return withTyped(this.#tags, this.#input.value);
  }

  set tags(tags: string[]) {
    this.#input.value = "";
    this.#show(tags);
  }

  #press(event: KeyboardEvent): void {
    if (event.isComposing) return;
    if (event.key === "Enter" && this.#input.value.trim()) {
      event.preventDefault(); // a tag is taken; with nothing typed it sends the form
      this.#take();
    } else if (event.key === "Backspace" && !this.#input.value) {
      this.#takeAway(this.#tags.at(-1));
    }
  }

  /** What is refused stays as it was typed, and keeps the form from being sent. */
  #take(): void {
    const wanted = this.tags;
    const why = refusal(wanted);
    this.#refuse(why);
    if (why) return;
    this.#input.value = "";
    this.#show(wanted);
  }

  #takeAway(tag: string | undefined): void {
    this.#show(this.#tags.filter((other) => other !== tag));
    this.element.dispatchEvent(new Event("input", { bubbles: true })); // for whoever must know of changes
  }

  #show(tags: string[]): void {
    this.#tags = tags;
    this.#refuse(refusal(this.tags));
    this.#draw();
  }

  #refuse(why: string): void {
    this.#refused.textContent = why;
    this.#input.setCustomValidity(why);
    this.#input.setAttribute("aria-invalid", String(why !== ""));
  }

  #draw(): void {
    this.#chosen.hidden = this.#tags.length === 0;
    this.#chosen.replaceChildren(
      ...this.#tags.map((tag) => el("li", { class: "tag" }, tag, this.#removal(tag))),
    );
  }

  #removal(tag: string): HTMLButtonElement {
    const remove = el("button", { type: "button", "aria-label": `Take away ${tag}` }, icon("close"));
    remove.addEventListener("click", () => {
      this.#takeAway(tag);
      this.#input.focus();
    });
    return remove;
  }
}
