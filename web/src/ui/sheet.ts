import { el } from "./dom";
import { icon } from "./icons";

/** A dialog below its title and a button that closes it; the title has an id. It opens with `showModal`. */
export function sheet(title: HTMLElement, ...content: HTMLElement[]): HTMLDialogElement {
  const close = el("button", { type: "button", class: "icon-button", "aria-label": "Close" }, icon("close"));
  const header = el("header", { class: "sheet-header" }, title, close);
  const dialog = el("dialog", { class: "sheet", "aria-labelledby": title.id }, header, ...content);
  close.addEventListener("click", () => dialog.close());
  return dialog;
}
