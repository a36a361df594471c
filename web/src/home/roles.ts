import type { Team, TeamRole } from "../api/types";
import { el } from "../ui/dom";

const ROLES: [TeamRole, string][] = [
  ["viewer", "Viewer: sees all videos"],
  ["editor", "Editor: uploads and changes them"],
  ["owner", "Owner: decides about the team"],
];

/** A choice among the roles of a team. */
export function roleSelect(id: string, chosen: TeamRole, label?: string): HTMLSelectElement {
  const options = ROLES.map(([value, text]) =>
    el("option", { value, selected: value === chosen }, label ? short(text) : text),
  );
  return el("select", { id, "aria-label": label }, ...options);
}

/** `Editor`, of a role. */
export function roleName(role: TeamRole): string {
  return short(ROLES.find(([value]) => value === role)?.[1] ?? role);
}

/** The teams into which somebody with this role in each may upload. */
export function editable(teams: Team[]): Team[] {
  return teams.filter(({ role }) => role === "owner" || role === "editor");
}

function short(text: string): string {
  return text.split(":")[0] ?? text;
}
