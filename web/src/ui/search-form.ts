import { suggest } from "../api/search";
import { el, find } from "./dom";

const REST_MS = 150; // between two keys of somebody who types nobody is asked

/** Offers words while one types. */
export function setUpSearchForm(form: HTMLFormElement): void {
  const input = find<HTMLInputElement>("[name=q]", form);
  const offered = find("datalist", form);
  let timer = 0;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(async () => {
      const typed = input.value;
      const words = await suggest(typed.slice(-100)).catch(() => []);
      if (input.value === typed) offered.replaceChildren(...words.map((value) => el("option", { value })));
    }, REST_MS);
  });
}
