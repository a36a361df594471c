/**
 * Who is signed in.
 *
 * The access token lives in this module's memory and nowhere else. What survives a page load is the refresh
 * cookie, which no script can read, and a flag that says only that it is worth asking with it.
 */
import { API, ApiError, send } from "./http";
import { askForPasskey } from "./passkeys";
import type { Departure, PasskeyOptions, PendingSignIn, Provider, Providers, Tokens, User } from "./types";

const FLAG = "matinee.signed-in";
const LOCK = "matinee.refresh";
const RENEW_BEFORE_MS = 30_000; // a token that dies on its way costs a failed request

interface Session {
  token: string;
  expiresAt: number;
  user: User;
}

let session: Session | null = null;
let refreshing: Promise<void> | null = null;
const listeners = new Set<(user: User | null) => void>();

/** Calls `listener` at each sign-in and sign-out, those in other tabs included. */
export function onUserChange(listener: (user: User | null) => void): void {
  listeners.add(listener);
}

/** The signed-in user, or null. Asks the server only if there may be a session. */
export async function currentUser(): Promise<User | null> {
  await accessToken();
  return session?.user ?? null;
}

/** A valid access token, renewed if need be, or null for an anonymous visitor. */
export async function accessToken(): Promise<string | null> {
  if (!mayBeSignedIn()) return null;
  if (!isFresh()) {
    refreshing ??= refresh().finally(() => {
      refreshing = null;
    });
    await refreshing;
  }
  return session?.token ?? null;
}

/** Forgets the access token, so that the next call fetches another: the server refused this one. */
export function discardToken(refused: string): void {
  if (session?.token === refused) session.expiresAt = 0;
}

/** Fetches another access token: the user belongs to other teams now, which it says. */
export async function renewToken(): Promise<void> {
  if (session) discardToken(session.token);
  await accessToken();
}

/**
 * Opens a session; `restore` keeps an account that is to be deleted, `newPassword` is its password from then on.
 * Throws `ApiError` where they do not fit.
 */
export async function signIn(
  email: string,
  password: string,
  restore = false,
  newPassword: string | null = null,
): Promise<User> {
  const body = { email, password, new_password: newPassword, device_name: deviceName(), restore };
  const response = await send(`${API}/auth/login`, { method: "POST", body });
  return adopt((await response.json()) as Tokens);
}

/** What is left to do, where `error` says that signing in wants a second factor. */
export function pendingSignIn(error: unknown): PendingSignIn | undefined {
  return error instanceof ApiError && error.code === "second_factor_required"
    ? error.problem.second_factor
    : undefined;
}

/** Whether `error` says that the password is right, and has to be another one from now on. */
export function wantsNewPassword(error: unknown): boolean {
  return error instanceof ApiError && error.code === "new_password_required";
}

/** Completes a sign-in by a code of the app, or a recovery code. */
export async function answerSecondFactor(challenge: string, code: string, restore: boolean): Promise<User> {
  const body = { challenge, code, restore };
  const response = await send(`${API}/auth/second-factor`, { method: "POST", body });
  return adopt((await response.json()) as Tokens);
}

/** Signs in by a passkey; with the challenge of a sign-in, it completes that. */
export async function signInByPasskey(challenge: string | null, restore: boolean): Promise<User> {
  const path = `${API}/auth/passkeys/sign-in`;
  const asked = await send(`${path}/options`, { method: "POST", body: { challenge } });
  const credential = await askForPasskey((await asked.json()) as PasskeyOptions);
  const body = { challenge, credential, device_name: deviceName(), restore };
  return adopt((await (await send(path, { method: "POST", body })).json()) as Tokens);
}

/** By whose word one can sign in here. */
export async function listProviders(): Promise<Provider[]> {
  return ((await (await send(`${API}/auth/providers`)).json()) as Providers).items;
}

/** Leaves the page for the provider's. It sends the browser back to `/signed-in/<id>`. */
export async function departTo(provider: string): Promise<void> {
  const path = `${API}/auth/providers/${encodeURIComponent(provider)}/begin`;
  const response = await send(path, { method: "POST", body: { device_name: deviceName() } });
  location.assign(((await response.json()) as Departure).url);
}

/** Completes a sign-in with what the provider sent the browser back with. */
export async function signInByProvider(
  provider: string,
  code: string,
  state: string,
  restore: boolean,
): Promise<User> {
  const path = `${API}/auth/providers/${encodeURIComponent(provider)}/sign-in`;
  const response = await send(path, { method: "POST", body: { code, state, restore } });
  return adopt((await response.json()) as Tokens);
}

/** Creates an account and opens a session. Throws `ApiError` naming the fields at fault. */
export async function register(
  name: string,
  email: string,
  password: string,
  invitation: string | null,
): Promise<User> {
  await send(`${API}/auth/register`, { method: "POST", body: { name, email, password, invitation } });
  return signIn(email, password);
}

/** Ends the session of this device. Locally it ends even if the server cannot be reached. */
export async function signOut(): Promise<void> {
  const token = session?.token;
  forget();
  const headers: Record<string, string> = token ? { Authorization: `Bearer ${token}` } : {};
  await send(`${API}/auth/logout`, { method: "POST", body: {}, headers, keepalive: true });
}

async function refresh(): Promise<void> {
  // The refresh token is rotated at each use and a replay revokes the session: tabs must take turns.
  await exclusively(LOCK, async () => {
    if (!mayBeSignedIn()) return;
    try {
      // keepalive: were the answer lost by leaving the page, the new cookie would be lost with it.
      const response = await send(`${API}/auth/refresh`, { method: "POST", body: {}, keepalive: true });
      adopt((await response.json()) as Tokens);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      forget();
    }
  });
}

async function exclusively(name: string, task: () => Promise<void>): Promise<void> {
  // Web Locks exist in secure contexts only; plain http on a local network has to do without.
  if (navigator.locks) await navigator.locks.request(name, task);
  else await task();
}

function adopt(tokens: Tokens): User {
  session = {
    token: tokens.access_token,
    expiresAt: Date.now() + tokens.expires_in * 1000,
    user: tokens.user,
  };
  setFlag(true);
  announce();
  return tokens.user;
}

function forget(): void {
  session = null;
  setFlag(false);
  announce();
}

function announce(): void {
  for (const listener of listeners) listener(session?.user ?? null);
}

function isFresh(): boolean {
  return session !== null && Date.now() < session.expiresAt - RENEW_BEFORE_MS;
}

function mayBeSignedIn(): boolean {
  try {
    return localStorage.getItem(FLAG) !== null;
  } catch {
    return false; // storage is closed to frames on other sites: anonymous there
  }
}

function setFlag(signedIn: boolean): void {
  try {
    if (signedIn) localStorage.setItem(FLAG, "1");
    else localStorage.removeItem(FLAG);
  } catch {
    // See mayBeSignedIn.
  }
}

function deviceName(): string {
  const system = /(Windows|Android|iPhone|iPad|Mac OS|Linux)/.exec(navigator.userAgent)?.[1];
  const browser = /(Firefox|Edg|OPR|Chrome|Safari)\//.exec(navigator.userAgent)?.[1];
  const names: Record<string, string> = { Edg: "Edge", OPR: "Opera" };
  return [browser && (names[browser] ?? browser), system].filter(Boolean).join(" on ") || "Browser";
}

globalThis.addEventListener?.("storage", (event) => {
  if (event.key !== FLAG) return;
  if (event.newValue === null) {
    session = null;
    announce();
  } else {
    // Another tab signed in; an unreachable server changes nothing here.
    void currentUser().catch(() => null);
  }
});
