/** The token of the link that led here. It is taken out of the address, which is looked at, copied and kept. */
export function takeLinkToken(): string {
  const token = location.hash.slice(1);
  if (token) history.replaceState(null, "", location.pathname + location.search);
  return token;
}
