/** What was done, as people read it. Pure. */
import type { AuditEvent } from "../api/types";

/** `account.sign_in_failed` → `Account: sign in failed`. */
export function actionName(what: string): string {
  const [thing = "", happened = ""] = what.split(".").map((word) => word.replaceAll("_", " "));
  return `${thing.charAt(0).toUpperCase()}${thing.slice(1)}: ${happened}`;
}

/** Who did it. */
export function actorName(by: AuditEvent["by"]): string {
  const account = by.account ? (by.account.email ?? by.account.id) : "";
  if (by.kind === "api_key") return `${account}, by an API key`;
  if (by.kind === "account") return account;
  return { anyone: "Somebody not signed in", command_line: "The command line", server: "The server" }[
    by.kind
  ];
}

/** `reason: Spam. · sessions: 2`; empty where there is no more to say. */
export function detailText(detail: Record<string, unknown>): string {
  const said = Object.entries(detail).filter(([, value]) => value !== null && value !== "");
  return said
    .map(([name, value]) => `${name}: ${typeof value === "object" ? JSON.stringify(value) : value}`)
    .join(" · ");
}
