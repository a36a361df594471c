/** Every call about one's own account: password, address, devices. */
import { API, ApiError, send } from "./http";
import { renewToken } from "./session";
import type {
  AccountExport,
  Deletion,
  ExportAddresses,
  Foreseen,
  Profile,
  Proof,
  SessionPage,
} from "./types";
import { authorized } from "./videos";

const AUTH = `${API}/auth`;
const EXPORT = `${API}/user/export`;

export async function getProfile(): Promise<Profile> {
  const response = await authorized(`${API}/user/profile`);
  return (await response.json()) as Profile;
}

/** What others call the user; his session says it, too. */
export async function changeName(name: string): Promise<void> {
  await authorized(`${API}/user/profile`, { method: "PATCH", body: { name } });
  await renewToken();
}

export async function listSessions(cursor: string | null): Promise<SessionPage> {
  const query = cursor ? `?cursor=${encodeURIComponent(cursor)}` : "";
  const response = await authorized(`${AUTH}/sessions${query}`);
  return (await response.json()) as SessionPage;
}

export async function endSession(id: string, proof: Proof): Promise<void> {
  await authorized(`${AUTH}/sessions/${encodeURIComponent(id)}/end`, { method: "POST", body: proof });
}

export async function endOtherSessions(proof: Proof): Promise<void> {
  await authorized(`${AUTH}/sessions/end`, { method: "POST", body: proof });
}

/** Ends every other session. */
export async function changePassword(present: string, wanted: string): Promise<void> {
  const body = { present_password: present, new_password: wanted };
  await authorized(`${AUTH}/password`, { method: "POST", body });
}

/** Has a letter sent, if the address has an account. */
export async function forgetPassword(email: string): Promise<void> {
  await send(`${AUTH}/password/forgotten`, { method: "POST", body: { email } });
}

export async function resetPassword(token: string, password: string): Promise<void> {
  await send(`${AUTH}/password/reset`, { method: "POST", body: { token, password } });
}

/** Has a letter sent, if the address has an account and is not verified. */
export async function askVerification(email: string): Promise<void> {
  await send(`${AUTH}/email/verification`, { method: "POST", body: { email } });
}

/** For whoever is signed in to the account, or else by its password. */
export async function verifyEmail(token: string, password: string | null): Promise<void> {
  await authorized(`${AUTH}/email/verify`, { method: "POST", body: { token, password } });
  await renewToken();
}

/** Has a letter sent to another address; its link makes that the account's. */
export async function changeEmail(email: string, proof: Proof): Promise<void> {
  await authorized(`${AUTH}/email`, { method: "POST", body: { ...proof, email } });
}

/** How far the export is; null where none was asked for. */
export async function getExport(): Promise<AccountExport | null> {
  try {
    return (await (await authorized(EXPORT)).json()) as AccountExport;
  } catch (error) {
    if (error instanceof ApiError && error.code === "no_export") return null;
    throw error;
  }
}

/** Has all that is one's own put into one file. */
export async function askExport(include_files: boolean, proof: Proof): Promise<void> {
  await authorized(EXPORT, { method: "POST", body: { ...proof, include_files } });
}

/** Where its archives are fetched, for some minutes. */
export async function exportAddresses(proof: Proof): Promise<string[]> {
  const response = await authorized(`${EXPORT}/address`, { method: "POST", body: proof });
  return ((await response.json()) as ExportAddresses).urls;
}

/** The day until which an account could be kept that is deleted now. */
export async function foreseeDeletion(): Promise<string> {
  const response = await authorized(`${API}/user/deletion`);
  return ((await response.json()) as Foreseen).erase_at.slice(0, 10);
}

/** Ends every session, and the account when its time of grace is over. */
export async function deleteAccount(proof: Proof): Promise<Deletion> {
  const response = await authorized(`${API}/user/deletion`, { method: "POST", body: proof });
  return (await response.json()) as Deletion;
}
