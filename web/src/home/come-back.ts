const LINKING = "matinee.linking";
const KEEPING = "matinee.keeping";

/** What a provider sent the browser back with. */
export interface Returned {
  provider: string;
  code: string;
  state: string;
  /** The provider was to be linked to the account of whoever is signed in. */
  linking: boolean;
  /** An account that is to be deleted is to be kept. */
  keeping: boolean;
}

/** Before the browser is sent to a provider that is to be linked. */
export function rememberLinking(provider: string): void {
  sessionStorage.setItem(LINKING, provider);
}

/** Before it is sent there once more, to keep an account that is to be deleted. */
export function rememberKeeping(provider: string): void {
  sessionStorage.setItem(KEEPING, provider);
}

/** What the browser comes back from a provider with, taken out of the address; null where it does not. */
export function returned(): Returned | null {
  const provider = /^\/signed-in\/([a-z0-9-]+)$/.exec(location.pathname)?.[1];
  if (!provider) return null;
  const query = new URLSearchParams(location.search);
  history.replaceState(null, "", "/");
  const [linking, keeping] = [LINKING, KEEPING].map((name) => {
    const remembered = sessionStorage.getItem(name) === provider;
    sessionStorage.removeItem(name);
    return remembered;
  });
  // Without a code the user said no, or the provider did: the server words it.
  return {
    provider,
    code: query.get("code") ?? "none",
    state: query.get("state") ?? "none",
    linking: linking === true,
    keeping: keeping === true,
  };
}
