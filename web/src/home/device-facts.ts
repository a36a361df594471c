import type { Session } from "../api/types";

const WHY: Record<NonNullable<Session["ended_why"]>, string> = {
  logout: "signed out",
  logout_all: "signed out everywhere",
  revoked: "signed out from another device",
  replay: "signed out, because what kept it signed in was copied",
  password_changed: "signed out when the password was changed",
  password_reset: "signed out when the password was reset",
  role_changed: "signed out when the account's role was changed",
  suspended: "signed out when the account was suspended",
  administrator: "signed out by an administrator",
  closed: "signed out when the account was closed",
  too_many: "signed out, because there were too many and it was used longest ago",
};

/** What there is to say of a device, in a line. */
export function deviceFacts(session: Session): string {
  const when = (time: string) =>
    new Date(time).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  const where = session.ip ? ` · ${session.ip}` : "";
  if (session.ended_at && session.ended_why)
    return `${when(session.ended_at)}: ${WHY[session.ended_why]}${where}`;
  return session.is_current ? `This device${where}` : `Last used ${when(session.last_used_at)}${where}`;
}
