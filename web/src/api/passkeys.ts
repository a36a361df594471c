/** What the browser does with passkeys; the server's part is in `security.ts` and `session.ts`. */
import type { PasskeyOptions } from "./types";

/** Browsers have them in secure contexts only, and for no address that is a number. */
export function canUsePasskeys(): boolean {
  return "PublicKeyCredential" in globalThis && "parseRequestOptionsFromJSON" in PublicKeyCredential;
}

/** Has the browser make a passkey. Rejects with a sentence for people. */
export async function makePasskey(options: PasskeyOptions): Promise<unknown> {
  const json = options.public_key as unknown as PublicKeyCredentialCreationOptionsJSON;
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(json);
  return toJSON(await said(navigator.credentials.create({ publicKey })));
}

/** Has the browser ask for a passkey. Rejects with a sentence for people. */
export async function askForPasskey(options: PasskeyOptions): Promise<unknown> {
  const json = options.public_key as unknown as PublicKeyCredentialRequestOptionsJSON;
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(json);
  return toJSON(await said(navigator.credentials.get({ publicKey })));
}

const WORDS: Record<string, string> = {
  NotAllowedError: "No passkey was given. Try again, or use another way.",
  InvalidStateError: "This device holds a passkey for the account already.",
  SecurityError: "Passkeys work only at this server's own address.",
};

async function said(asked: Promise<Credential | null>): Promise<Credential | null> {
  try {
    return await asked;
  } catch (error) {
    const words = error instanceof DOMException ? WORDS[error.name] : undefined;
    throw words ? new Error(words, { cause: error }) : error;
  }
}

function toJSON(credential: Credential | null): unknown {
  return (credential as PublicKeyCredential).toJSON();
}
