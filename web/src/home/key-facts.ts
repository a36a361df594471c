import type { ApiKey } from "../api/types";
import { ago } from "../ui/words";

type Times = Pick<ApiKey, "created_at" | "expires_at" | "last_used_at" | "revoked_at">;

/** Whether programs can still use the key. Pure. */
export function works({ expires_at, revoked_at }: Times, now = Date.now()): boolean {
  return revoked_at === null && (expires_at === null || Date.parse(expires_at) > now);
}

/** What is to be said of a key's life: `Never used · expires 3 Mar 2027`. Pure. */
export function keyFacts(key: Times, now = Date.now()): string {
  const used = key.last_used_at ? `Last used ${ago(key.last_used_at, now)}` : "Never used";
  return `${used} · ${ending(key, now)}`;
}

function ending({ expires_at, revoked_at }: Times, now: number): string {
  if (revoked_at) return `revoked ${ago(revoked_at, now)}`;
  if (!expires_at) return "does not expire";
  if (Date.parse(expires_at) <= now) return `expired ${ago(expires_at, now)}`;
  return `expires ${new Date(expires_at).toLocaleDateString("en", { dateStyle: "medium" })}`;
}
