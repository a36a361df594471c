import "../styles/link-page.css";
import { verifyEmail } from "../api/account";
import { ApiError, explain } from "../api/http";
import { currentUser } from "../api/session";
import { el, find } from "../ui/dom";
import { takeLinkToken } from "../ui/link-token";
import { passwordField } from "../ui/password-field";
import { setUpSiteHeader } from "../ui/site-header";

const token = takeLinkToken();
const password = el("input", {
  id: "password",
  type: "password",
  required: true,
  maxlength: 128,
  autocomplete: "current-password",
});
const field = passwordField("The account's password", password).element;
const error = el("p", { class: "form-error", role: "alert", hidden: true });
// A button: programs that open every link of a letter press none.
const yes = el("button", { type: "submit", class: "button primary" }, "Yes, it is mine");
const form = el("form", { class: "form" }, field, error, yes);
const page = find("#link-page");

/** Whoever made the account knows its password, or is signed in to it here. */
function askForPassword(wanted: boolean): void {
  field.hidden = !wanted;
  password.disabled = !wanted;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  yes.disabled = true;
  error.hidden = true;
  try {
    await verifyEmail(token, password.disabled ? null : password.value);
    page.replaceChildren(
      el("h1", {}, "Thank you"),
      el("p", {}, "The address is verified."),
      el("a", { class: "button primary", href: "/" }, "Go on"),
    );
  } catch (refused) {
    error.hidden = false;
    error.textContent = explain(refused);
    if (refused instanceof ApiError && refused.code === "sign_in_to_verify") askForPassword(true);
    yes.disabled = false;
  }
});

setUpSiteHeader();
page.replaceChildren(
  el("h1", {}, "Is this your address?"),
  el("p", {}, "Somebody gave the address that this letter went to for an account here."),
  el("p", {}, "If you made none, close this page."),
  form,
);
askForPassword((await currentUser().catch(() => null)) === null);
