/** Every call about API keys. They are for programs; this is where a person makes and revokes them. */
import { API } from "./http";
import type { ApiKeyPage, CreatedApiKey, NewApiKey } from "./types";
import { authorized } from "./videos";

const KEYS = `${API}/api-keys`;

export async function listApiKeys(cursor: string | null): Promise<ApiKeyPage> {
  const query = cursor ? `?cursor=${encodeURIComponent(cursor)}` : "";
  const response = await authorized(KEYS + query);
  return (await response.json()) as ApiKeyPage;
}

/** The only answer that ever holds the key's secret. */
export async function createApiKey(wanted: NewApiKey): Promise<CreatedApiKey> {
  const response = await authorized(KEYS, { method: "POST", body: wanted });
  return (await response.json()) as CreatedApiKey;
}

export async function revokeApiKey(id: string): Promise<void> {
  await authorized(`${KEYS}/${encodeURIComponent(id)}`, { method: "DELETE" });
}
