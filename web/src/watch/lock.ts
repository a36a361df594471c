import { explain } from "../api/http";
import { el } from "../ui/dom";
import { icon } from "../ui/icons";
import { revealable } from "../ui/password-field";

/** Stands in the player's place while the video asks for its password. `open` throws where that is another. */
export function lockElement(open: (password: string) => Promise<void>): HTMLElement {
  const password = el("input", {
    id: "video-password",
    type: "password",
    required: true,
    maxlength: 128,
    autocomplete: "off",
    "aria-label": "Password",
    placeholder: "Password",
  });
  const button = el("button", { type: "submit", class: "button primary" }, "Watch");
  const error = el("p", { class: "form-error", role: "alert", hidden: true });
  const form = el("form", { class: "lock-form" }, revealable(password), button);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    try {
      await open(password.value);
    } catch (refused) {
      error.hidden = false;
      error.textContent = explain(refused);
      password.select();
    } finally {
      button.disabled = false;
    }
  });
  return el(
    "section",
    { class: "notice", "aria-labelledby": "lock-title" },
    el("div", { class: "notice-picture" }, icon("lock")),
    el("h2", { id: "lock-title", class: "notice-title" }, "This video asks for a password"),
    form,
    error,
  );
}
