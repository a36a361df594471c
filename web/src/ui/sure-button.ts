import { el } from "./dom";

/** A button that asks a second time, on itself, before it does what cannot be undone. */
export function sureButton(label: string, about: string, act: () => void): HTMLButtonElement {
  const button = el(
    "button",
    { type: "button", class: "button danger small", "aria-label": `${label} ${about}` },
    label,
  );
  let sure = false;
  button.addEventListener("click", () => {
    if (sure) return act();
    sure = true;
    button.textContent = `Really ${label.toLowerCase()}?`;
    button.removeAttribute("aria-label");
  });
  return button;
}
