/** Every call about teams: who owns videos together. */
import { API, send } from "./http";
import { renewToken } from "./session";
import type {
  Invitation,
  InvitationShown,
  Member,
  MemberPage,
  SentInvitation,
  Team,
  TeamRole,
} from "./types";
import { authorized } from "./videos";

const TEAMS = `${API}/teams`;
const RECEIVED = `${API}/invitations`;

const at = (team: string, ...rest: string[]) => [TEAMS, team, ...rest].join("/");

export async function listTeams(): Promise<Team[]> {
  return (await json<{ items: Team[] }>(TEAMS)).items;
}

/** From then on the access token says that the user belongs to it. */
export async function createTeam(name: string): Promise<Team> {
  const team = await json<Team>(TEAMS, "POST", { name });
  await renewToken();
  return team;
}

export async function renameTeam(team: string, name: string): Promise<void> {
  await authorized(at(team), { method: "PATCH", body: { name } });
}

export async function deleteTeam(team: string): Promise<void> {
  await authorized(at(team), { method: "DELETE" });
  await renewToken();
}

export function listMembers(team: string, cursor: string | null): Promise<MemberPage> {
  const query = cursor ? `?cursor=${encodeURIComponent(cursor)}` : "";
  return json(at(team, "members") + query);
}

export function changeRole(team: string, member: string, role: TeamRole): Promise<Member> {
  return json(at(team, "members", member), "PATCH", { role });
}

/** With the user's own id he leaves. */
export async function removeMember(team: string, member: string): Promise<void> {
  await authorized(at(team, "members", member), { method: "DELETE" });
}

export async function listInvitations(team: string): Promise<Invitation[]> {
  return (await json<{ items: Invitation[] }>(at(team, "invitations"))).items;
}

export function invite(team: string, email: string, role: TeamRole): Promise<SentInvitation> {
  return json(at(team, "invitations"), "POST", { email, role });
}

export function resendInvitation(team: string, invitation: string): Promise<SentInvitation> {
  return json(at(team, "invitations", invitation, "resend"), "POST");
}

export async function revokeInvitation(team: string, invitation: string): Promise<void> {
  await authorized(at(team, "invitations", invitation), { method: "DELETE" });
}

/** What a received invitation is for; needs no account. */
export async function showInvitation(token: string): Promise<InvitationShown> {
  const response = await send(`${RECEIVED}/show`, { method: "POST", body: { token } });
  return (await response.json()) as InvitationShown;
}

export async function acceptInvitation(token: string): Promise<Team> {
  const team = await json<Team>(`${RECEIVED}/accept`, "POST", { token });
  await renewToken();
  return team;
}

export async function declineInvitation(token: string): Promise<void> {
  await send(`${RECEIVED}/decline`, { method: "POST", body: { token } });
}

async function json<T>(path: string, method: "GET" | "POST" | "PATCH" = "GET", body?: unknown): Promise<T> {
  const response = await authorized(path, { method, ...(body === undefined ? {} : { body }) });
  return (await response.json()) as T;
}
