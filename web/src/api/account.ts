/** Every call about one's own account: password, address, devices. */
import { API, send } from "./http";
import type { Profile, SessionPage } from "./types";
import { authorized } from "./videos";

const AUTH = `${API}/auth`;

export async function getProfile(): Promise<Profile> {
  const response = await authorized(`${API}/user/profile`);
  return (await response.json()) as Profile;
}

export async function listSessions(cursor: string | null): Promise<SessionPage> {
  const query = cursor ? `?cursor=${encodeURIComponent(cursor)}` : "";
  const response = await authorized(`${AUTH}/sessions${query}`);
  return (await response.json()) as SessionPage;
}

export async function endSession(id: string): Promise<void> {
  await authorized(`${AUTH}/sessions/${encodeURIComponent(id)}`, { method: "DELETE" });
}

export async function endOtherSessions(): Promise<void> {
  await authorized(`${AUTH}/sessions`, { method: "DELETE" });
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

export async function verifyEmail(token: string): Promise<void> {
  await send(`${AUTH}/email/verify`, { method: "POST", body: { token } });
}
