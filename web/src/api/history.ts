/** Every call about what the signed-in user has watched. */
import { API } from "./http";
import type { HistoryPage } from "./types";
import { authorized } from "./videos";

const HISTORY = `${API}/user/history`;

export async function listHistory(cursor: string | null): Promise<HistoryPage> {
  const query = cursor ? `?cursor=${encodeURIComponent(cursor)}` : "";
  return (await (await authorized(HISTORY + query)).json()) as HistoryPage;
}

export async function pauseHistory(paused: boolean): Promise<void> {
  await authorized(HISTORY, { method: "PATCH", body: { paused } });
}

export async function clearHistory(): Promise<void> {
  await authorized(HISTORY, { method: "DELETE" });
}

export async function forgetWatched(video: string): Promise<void> {
  await authorized(`${HISTORY}/${encodeURIComponent(video)}`, { method: "DELETE" });
}
