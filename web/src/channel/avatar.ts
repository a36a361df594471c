import { el } from "../ui/dom";

/** The picture of a channel, or the first letter of its name. */
export function avatar({ name, avatar }: { name: string; avatar?: string | null }): HTMLElement {
  const shown = avatar ? el("img", { src: avatar, alt: "" }) : ([...name.trim()][0] ?? "?").toUpperCase();
  return el("span", { class: "avatar", "aria-hidden": "true" }, shown);
}
