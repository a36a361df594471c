import { el } from "../ui/dom";

/** The picture of a channel, or the first letter of its name. */
export function avatar({ name, avatar }: { name: string; avatar?: string | null }): HTMLElement {
  const letter = ([...name.trim()][0] ?? "?").toUpperCase();
  const picture = avatar && el("img", { src: avatar, alt: "", loading: "lazy" });
  if (picture) picture.addEventListener("error", () => picture.replaceWith(letter)); // it was removed meanwhile
  return el("span", { class: "avatar", "aria-hidden": "true" }, picture || letter);
}
