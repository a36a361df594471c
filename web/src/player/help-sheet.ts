import { el } from "../ui/dom";
import { icon } from "../ui/icons";
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
  const close = el("button", { type: "button", class: "icon-button", "aria-label": "Close" }, icon("close"));
  const dialog = el(
    "dialog",
    { class: "sheet help-sheet", "aria-labelledby": "help-title" },
    el("header", { class: "sheet-header" }, el("h2", { id: "help-title" }, "Keyboard shortcuts"), close),
    el("dl", { class: "help-list" }, ...rows),
  );
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("keydown", (event) => event.key === "?" && dialog.close());
  return dialog;
}
