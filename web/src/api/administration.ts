/** Every call about other people's accounts and about what was done; for administrators. */
import { API } from "./http";
import type {
  AuditPage,
  MadeInvitation,
  ManagedUser,
  ManagedUserPage,
  Proof,
  RegistrationInvitationPage,
} from "./types";
import { authorized } from "./videos";

const USERS = `${API}/users`;
const INVITATIONS = `${API}/auth/invitations`;

/** Filters of a list; what is empty does not filter. */
export type Filters = Record<string, string>;

export async function listUsers(filters: Filters, cursor: string | null): Promise<ManagedUserPage> {
  const response = await authorized(`${USERS}?${query(filters, cursor)}`);
  return (await response.json()) as ManagedUserPage;
}

export function suspendUser(id: string, reason: string): Promise<ManagedUser> {
  return change(`${userPath(id)}/suspension`, "PUT", { reason });
}

export function liftSuspension(id: string): Promise<ManagedUser> {
  return change(`${userPath(id)}/suspension`, "DELETE");
}

export function giveRole(id: string, role: ManagedUser["role"], proof: Proof): Promise<ManagedUser> {
  return change(userPath(id), "PATCH", { role, ...proof });
}

/** Signs an account out on every device. */
export async function endSessions(id: string): Promise<void> {
  await authorized(`${userPath(id)}/sessions`, { method: "DELETE" });
}

/** For an owner who has lost it: the password alone signs in. */
export async function resetSecondFactor(id: string, proof: Proof): Promise<void> {
  await authorized(`${userPath(id)}/second-factor/reset`, { method: "POST", body: proof });
}

/** Invites an address to register. The only answer that ever holds the link. */
export async function inviteToRegister(email: string): Promise<MadeInvitation> {
  const response = await authorized(INVITATIONS, { method: "POST", body: { email } });
  return (await response.json()) as MadeInvitation;
}

export async function listInvitations(cursor: string | null): Promise<RegistrationInvitationPage> {
  const response = await authorized(`${INVITATIONS}?${query({}, cursor)}`);
  return (await response.json()) as RegistrationInvitationPage;
}

export async function revokeInvitation(id: string): Promise<void> {
  await authorized(`${INVITATIONS}/${encodeURIComponent(id)}`, { method: "DELETE" });
}

export async function listAudit(filters: Filters, cursor: string | null): Promise<AuditPage> {
  const response = await authorized(`${API}/audit?${query(filters, cursor)}`);
  return (await response.json()) as AuditPage;
}

/** The whole log that the filters leave, as a table. */
export async function exportAudit(filters: Filters): Promise<Blob> {
  const response = await authorized(`${API}/audit/export?${query({ ...filters, format: "csv" }, null)}`);
  return response.blob();
}

async function change(
  path: string,
  method: "PUT" | "PATCH" | "DELETE",
  body?: unknown,
): Promise<ManagedUser> {
  const response = await authorized(path, { method, body });
  return (await response.json()) as ManagedUser;
}

function userPath(id: string): string {
  return `${USERS}/${encodeURIComponent(id)}`;
}

function query(filters: Filters, cursor: string | null): URLSearchParams {
  const given = Object.entries(cursor ? { ...filters, cursor } : filters).filter(([, value]) => value !== "");
  return new URLSearchParams(given);
}
