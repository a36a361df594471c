import { el } from "../ui/dom";
import { sheet } from "../ui/sheet";
import { SHORTCUT_HELP } from "./shortcuts";

/** The dialog that lists the keyboard shortcuts; it opens with `showModal`. */
export function helpSheet(): HTMLDialogElement {
  const rows = SHORTCUT_HELP.map(([keys, meaning]) =>
    el(
      "div",
      { class: "help-row" },
      el("dt", {}, meaning),
      el("dd", {}, ...keys.map((key) => (key === "…" ? key : el("kbd", {}, key)))),
    ),
  );
  const dialog = sheet(
    el("h2", { id: "help-title" }, "Keyboard shortcuts"),
    el("dl", { class: "help-list" }, ...rows),
  );
  dialog.classList.add("help-sheet");
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("keydown", (event) => event.key === "?" && dialog.close());
  return dialog;
}
