import { languageName } from "../player/languages";
import { el } from "./dom";

const OFFERED =
  "ar bg bn ca cs da de el en es et eu fa fi fr ga he hi hr hu hy id it ja ko lt lv ms nb ne nl nn pl pt ro ru sk sl " +
  "sr sv sw ta th tr uk ur vi yi zh";

/** Adds languages to a choice, by their names. */
export function offerLanguages(select: HTMLSelectElement): void {
  const options = OFFERED.split(" ").map(option);
  select.append(...options.sort((a, b) => a.text.localeCompare(b.text)));
}

/** Chooses a language that may be none of those that are offered: any is possible by the API. */
export function chooseLanguage(select: HTMLSelectElement, tag: string): void {
  if (![...select.options].some(({ value }) => value === tag)) select.append(option(tag));
  select.value = tag;
}

function option(tag: string): HTMLOptionElement {
  return el("option", { value: tag }, languageName(tag));
}
