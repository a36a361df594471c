import type { Channel } from "../api/types";
import { el } from "../ui/dom";
import { icon } from "../ui/icons";

type Links = Channel["links"];

const MOST_LINKS = 10;

/** Where else a channel is to be found: a row for each link, and a button for one more. */
export class LinkFields {
  readonly element: HTMLElement;
  readonly #list = el("ul", { class: "link-fields" });
  readonly #add = el("button", { type: "button", class: "button small" }, "Add a link");

  constructor() {
    this.element = el(
      "fieldset",
      { class: "links" },
      el("legend", {}, "Links"),
      this.#list,
      el("div", {}, this.#add),
    );
    this.#add.addEventListener("click", () => this.#append({ title: "", url: "" }).focus());
  }

  fill(links: Links): void {
    this.#list.replaceChildren();
    for (const link of links) this.#append(link);
    this.#count();
  }

  read(): Links {
    return [...this.#list.children].map((row) => {
      const [title = "", url = ""] = [...row.querySelectorAll("input")].map(({ value }) => value.trim());
      return { title, url };
    });
  }

  #append({ title, url }: Links[number]): HTMLInputElement {
    const name = el("input", {
      type: "text",
      value: title,
      maxlength: 40,
      placeholder: "What it says",
      "aria-label": "What the link says",
    });
    const address = el("input", {
      type: "url",
      value: url,
      required: true,
      maxlength: 500,
      pattern: "[Hh][Tt][Tt][Pp][Ss]?://.+",
      title: "An address that begins with https:// or http://",
      placeholder: "https://…",
      "aria-label": "Where the link leads",
    });
    const remove = el(
      "button",
      { type: "button", class: "icon-button", "aria-label": "Remove the link" },
      icon("close"),
    );
    const row = el("li", { class: "field" }, name, address, remove);
    remove.addEventListener("click", () => {
      row.remove();
      this.#count();
      this.#add.focus();
    });
    this.#list.append(row);
    this.#count();
    return name;
  }

  #count(): void {
    this.#add.hidden = this.#list.childElementCount >= MOST_LINKS;
  }
}
