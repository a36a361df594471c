import "../styles/link-page.css";
import { ApiError, explain } from "../api/http";
import { currentUser, onUserChange } from "../api/session";
import { acceptInvitation, declineInvitation, showInvitation } from "../api/teams";
import type { InvitationShown, User } from "../api/types";
import { AccountDialog } from "../home/account-dialog";
import { roleName } from "../home/roles";
import { attempt } from "../ui/attempt";
import { el, find } from "../ui/dom";
import { takeLinkToken } from "../ui/link-token";
import { setUpSiteHeader } from "../ui/site-header";

const token = takeLinkToken();
const place = find("#link-page");
const error = el("p", { class: "form-error", role: "alert", hidden: true });
const buttons = el("div", { class: "form-buttons" });
const account = new AccountDialog(() => undefined);
document.body.append(account.element);
setUpSiteHeader(() => account.open("sign-in"));

function button(label: string, primary: boolean, act: () => void): HTMLButtonElement {
  const made = el("button", { type: "button", class: primary ? "button primary" : "button" }, label);
  made.addEventListener("click", act);
  return made;
}

/** What whoever looks can do: accept, where he is signed in; else become somebody first. */
function offer(user: User | null): void {
  const decline = button("Decline", false, () =>
    attempt(error, async () => {
      await declineInvitation(token);
      place.replaceChildren(el("h1", {}, "Declined"), el("p", {}, "Nobody will ask you again by this link."));
    }),
  );
  const accept = button("Accept", true, () =>
    attempt(error, async () => {
      await acceptInvitation(token);
      location.assign("/");
    }),
  );
  const become = [
    button("Sign in", true, () => account.open("sign-in")),
    button("Create an account", false, () => account.open("register")),
  ];
  buttons.replaceChildren(...(user ? [decline, accept] : [decline, ...become.reverse()]));
}

function draw(shown: InvitationShown): void {
  const who = shown.invited_by ?? "Somebody who has left";
  place.replaceChildren(
    el("h1", {}, shown.team),
    el("p", {}, `${who} invites ${shown.email} to the team, as ${roleName(shown.role).toLowerCase()}.`),
    el("p", {}, "Accept it with the account of this address."),
    error,
    buttons,
  );
}

async function start(): Promise<void> {
  try {
    draw(await showInvitation(token));
    onUserChange(offer);
    offer(await currentUser());
  } catch (fault) {
    const title = fault instanceof ApiError ? "This invitation is no longer good" : "That did not work";
    place.replaceChildren(el("h1", {}, title), el("p", {}, explain(fault)));
  }
}

void start();
