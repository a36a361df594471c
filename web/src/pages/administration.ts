import "../styles/administration.css";
import "../styles/comments.css";
import { AuditPanel } from "../administration/audit-panel";
import { InvitationsPanel } from "../administration/invitations-panel";
import { ReportsPanel } from "../administration/reports-panel";
import { UsersPanel } from "../administration/users-panel";
import { currentUser, onUserChange } from "../api/session";
import type { User } from "../api/types";
import { find } from "../ui/dom";
import { setUpSiteHeader } from "../ui/site-header";

const refused = find("#refused");
const panels = find("#panels");
const audit = new AuditPanel();
const users = new UsersPanel((id) => audit.showAccount(id));
const reports = new ReportsPanel();
const invitations = new InvitationsPanel();

find("#users").replaceWith(users.element);
find("#reports").replaceWith(reports.element);
find("#invitations").replaceWith(invitations.element);
find("#audit").replaceWith(audit.element);

let shownFor: string | null | undefined;

function showFor(user: User | null): void {
  const id = user?.role === "ADMIN" ? user.id : null;
  if (id === shownFor) return; // a renewed token is not another person
  shownFor = id;
  refused.hidden = id !== null;
  panels.hidden = id === null;
  if (id === null) return;
  users.load();
  reports.load();
  invitations.load();
  audit.load();
}

setUpSiteHeader();
onUserChange(showFor);
void currentUser()
  .catch(() => null)
  .then(showFor);
