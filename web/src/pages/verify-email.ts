import "../styles/link-page.css";
import { verifyEmail } from "../api/account";
import { explain } from "../api/http";
import { el, find } from "../ui/dom";
import { takeLinkToken } from "../ui/link-token";
import { setUpSiteHeader } from "../ui/site-header";

const token = takeLinkToken();
const error = el("p", { class: "form-error", role: "alert", hidden: true });
// A button: programs that open every link of a letter press none.
const yes = el("button", { type: "button", class: "button primary" }, "Yes, it is mine");
const page = find("#link-page");

yes.addEventListener("click", async () => {
  yes.disabled = true;
  error.hidden = true;
  try {
    await verifyEmail(token);
    page.replaceChildren(
      el("h1", {}, "Thank you"),
      el("p", {}, "The address is verified."),
      el("a", { class: "button primary", href: "/" }, "Go on"),
    );
  } catch (refused) {
    error.hidden = false;
    error.textContent = explain(refused);
    yes.disabled = false;
  }
});

setUpSiteHeader();
page.replaceChildren(
  el("h1", {}, "Is this your address?"),
  el("p", {}, "Somebody gave the address that this letter went to for an account here."),
  error,
  yes,
);
