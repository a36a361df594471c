import { el } from "../ui/dom";

/** Recovery codes, to be kept by their owner: they are not shown again. */
export function recoveryCodes(codes: string[]): HTMLElement {
  const text = `${codes.join("\n")}\n`;
  const list = el("pre", { class: "recovery-codes", tabindex: 0, "aria-label": "Recovery codes" }, text);
  const copy = el("button", { type: "button", class: "button" }, "Copy");
  copy.addEventListener("click", async () => {
    getSelection()?.selectAllChildren(list); // plain http on a local network has no clipboard for scripts
    await navigator.clipboard?.writeText(text);
    if (navigator.clipboard) copy.textContent = "Copied";
  });
  const save = el(
    "a",
    {
      class: "button",
      href: `data:text/plain;charset=utf-8,${encodeURIComponent(text)}`,
      download: "matinee-recovery-codes.txt",
    },
    "Download",
  );
  return el(
    "div",
    { class: "fold-result", role: "status" },
    el(
      "p",
      {},
      "Keep these codes where you find them without your phone. Each works once; they are not shown again.",
    ),
    list,
    el("div", { class: "form-buttons" }, copy, save),
  );
}
