/** Every call about how the signed-in user signs in. */
import { API } from "./http";
import { makePasskey } from "./passkeys";
import type {
  Departure,
  LinkedSignIn,
  LinkedSignIns,
  Passkey,
  PasskeyOptions,
  Passkeys,
  Proof,
  RecoveryCodes,
  RegisteredPasskey,
  SecondFactorState,
  TotpSecret,
} from "./types";
import { authorized } from "./videos";

const FACTOR = `${API}/auth/second-factor`;
const LINKS = `${API}/auth/linked-sign-ins`;
const PASSKEYS = `${API}/auth/passkeys`;

export async function getSecondFactor(): Promise<SecondFactorState> {
  return (await (await authorized(FACTOR)).json()) as SecondFactorState;
}

export async function beginTotp(proof: Proof): Promise<TotpSecret> {
  return (await post(`${FACTOR}/totp`, proof)) as TotpSecret;
}

/** From now on codes are asked for. The only answer that ever holds the recovery codes. */
export async function confirmTotp(code: string): Promise<RecoveryCodes> {
  return (await post(`${FACTOR}/totp/confirm`, { code })) as RecoveryCodes;
}

export async function turnOffTotp(proof: Proof): Promise<void> {
  await authorized(`${FACTOR}/totp/off`, { method: "POST", body: proof });
}

export async function renewRecoveryCodes(proof: Proof): Promise<RecoveryCodes> {
  return (await post(`${FACTOR}/recovery-codes`, proof)) as RecoveryCodes;
}

export async function listPasskeys(): Promise<Passkey[]> {
  return ((await (await authorized(PASSKEYS)).json()) as Passkeys).items;
}

/** Has the browser make a passkey and registers it. */
export async function registerPasskey(name: string, proof: Proof): Promise<RegisteredPasskey> {
  const credential = await makePasskey((await post(`${PASSKEYS}/options`, proof)) as PasskeyOptions);
  return (await post(PASSKEYS, { name, credential })) as RegisteredPasskey;
}

export async function removePasskey(id: string, proof: Proof): Promise<void> {
  await authorized(`${PASSKEYS}/${encodeURIComponent(id)}/remove`, { method: "POST", body: proof });
}

export async function listLinks(): Promise<LinkedSignIn[]> {
  return ((await (await authorized(LINKS)).json()) as LinkedSignIns).items;
}

/** Leaves the page for the provider's, which is to be linked to the account. */
export async function departToLink(provider: string, proof: Proof): Promise<void> {
  const { url } = (await post(
    `${API}/auth/providers/${encodeURIComponent(provider)}/begin-link`,
    proof,
  )) as Departure;
  location.assign(url);
}

/** Completes it with what the provider sent the browser back with. */
export async function linkProvider(provider: string, code: string, state: string): Promise<void> {
  const path = `${API}/auth/providers/${encodeURIComponent(provider)}/link`;
  await authorized(path, { method: "POST", body: { code, state } });
}

export async function removeLink(id: string, proof: Proof): Promise<void> {
  await authorized(`${LINKS}/${encodeURIComponent(id)}/remove`, { method: "POST", body: proof });
}

async function post(path: string, body: unknown): Promise<unknown> {
  return (await authorized(path, { method: "POST", body })).json();
}
