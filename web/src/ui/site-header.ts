import { currentUser, onUserChange, signOut } from "../api/session";
import type { User } from "../api/types";
import { el, find } from "./dom";
import { icon } from "./icons";
import { setUpSearchForm } from "./search-form";
import { setUpTheme } from "./theme";

/** Brings the header of a page to life: searching, colours, and who is signed in. `onSignIn` replaces the way to the home page. */
export function setUpSiteHeader(onSignIn?: () => void): void {
  setUpTheme(find<HTMLButtonElement>("#theme"));
  setUpSearchForm(find<HTMLFormElement>("#search"));
  const slot = find("#account");
  const draw = (user: User | null) =>
    slot.replaceChildren(...(user ? signedIn(user) : [signInLink(onSignIn)]));
  onUserChange(draw);
  void currentUser()
    .catch(() => null) // unreachable: the page itself says so
    .then(draw);
}

function signedIn(user: User): Node[] {
  const leave = el("button", { type: "button", class: "button quiet" }, "Sign out");
  leave.addEventListener("click", () => {
    // Signed out here in any case; a server that did not hear it lets the session expire.
    void signOut().catch(() => undefined);
  });
  const administration = user.role === "ADMIN" ? [el("a", { href: "/administration" }, "Admin")] : [];
  const following = el(
    "a",
    { href: "/subscriptions", title: "Subscriptions" },
    icon("following"),
    el("span", { class: "link-text" }, "Subscriptions"),
  );
  const name = el("span", { class: "account-name", title: user.email }, user.name);
  return [following, ...administration, name, leave];
}

/** Where one signs in, and comes back from to this page. */
export function signInAddress(): string {
  return `/?sign-in&next=${encodeURIComponent(location.pathname + location.search)}`;
}

function signInLink(onSignIn?: () => void): HTMLElement {
  const link = el("a", { class: "button", href: signInAddress() }, "Sign in");
  if (onSignIn) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      onSignIn();
    });
  }
  return link;
}
