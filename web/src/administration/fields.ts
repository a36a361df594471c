import { el } from "../ui/dom";

/** A choice among values, each with its label; the first is chosen. */
export function choice(id: string, options: [string, string][]): HTMLSelectElement {
  return el("select", { id }, ...options.map(([value, label]) => el("option", { value }, label)));
}

/** A field with its label above. */
export function labelled(label: string, input: HTMLElement): HTMLElement {
  return el("div", { class: "field" }, el("label", { for: input.id }, label), input);
}
