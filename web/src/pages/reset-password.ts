import "../styles/link-page.css";
import { resetPassword } from "../api/account";
import { explain } from "../api/http";
import { el, find } from "../ui/dom";
import { takeLinkToken } from "../ui/link-token";
import { passwordField } from "../ui/password-field";
import { setUpSiteHeader } from "../ui/site-header";

const token = takeLinkToken();
const password = el("input", {
  id: "new-password",
  type: "password",
  required: true,
  minlength: 12,
  maxlength: 128,
  autocomplete: "new-password",
});
const error = el("p", { class: "form-error", role: "alert", hidden: true });
const submit = el("button", { type: "submit", class: "button primary" }, "Set the password");
const form = el("form", { class: "form" }, passwordField("New password", password).element, error, submit);
const page = find("#link-page");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  submit.disabled = true;
  error.hidden = true;
  try {
    await resetPassword(token, password.value);
    page.replaceChildren(
      el("h1", {}, "Your password is set"),
      el("p", {}, "Every device was signed out."),
      el("a", { class: "button primary", href: "/?sign-in" }, "Sign in"),
    );
  } catch (refused) {
    error.hidden = false;
    error.textContent = explain(refused);
  } finally {
    submit.disabled = false;
  }
});

setUpSiteHeader();
page.replaceChildren(
  el("h1", {}, "Choose a new password"),
  el("p", {}, "It signs out every device. Several words that have nothing to do with you are good."),
  form,
);
password.focus();
