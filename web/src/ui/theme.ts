import { icon } from "./icons";

const MEMORY = "matinee.theme";

const PREFERS_DARK = "(prefers-color-scheme: dark)";

type Theme = "light" | "dark";

const listeners = new Set<(theme: Theme) => void>();

/** Makes `button` switch between light and dark. Until it is used the system's preference holds. */
export function setUpTheme(button: HTMLButtonElement): void {
  const kept = read();
  if (kept) document.documentElement.dataset.theme = kept;
  matchMedia(PREFERS_DARK).addEventListener("change", announce);
  announce();
  button.replaceChildren(icon("theme"));
  button.addEventListener("click", () => {
    const next: Theme = current() === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    try {
      localStorage.setItem(MEMORY, next);
    } catch {
      // Closed storage: the choice lasts as long as the page.
    }
    announce();
  });
}

/** Calls `listener` with the theme in force, at once and at each change; for what cannot follow style sheets. */
export function followTheme(listener: (theme: Theme) => void): void {
  listeners.add(listener);
  listener(current());
}

function announce(): void {
  for (const listener of listeners) listener(current());
}

function current(): Theme {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === "light" || chosen === "dark") return chosen;
  return matchMedia(PREFERS_DARK).matches ? "dark" : "light";
}

function read(): Theme | null {
  try {
    const kept = localStorage.getItem(MEMORY);
    return kept === "light" || kept === "dark" ? kept : null;
  } catch {
    return null;
  }
}
