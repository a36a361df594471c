/** What players tell, and where they go on. */
import type { Call } from "./http";
import { API } from "./http";
import { accessToken } from "./session";
import { authorized, seen } from "./videos";

export async function countView(video: string, seconds: number): Promise<void> {
  await authorized(`${seen(video)}/views`, { method: "POST", body: { seconds } });
}

/** Where the signed-in viewer goes on, or null. */
export async function getPosition(video: string): Promise<number | null> {
  if (!(await accessToken())) return null;
  const response = await authorized(position(video));
  return ((await response.json()) as { position: number | null }).position;
}

/** `isLast`: the page may be left meanwhile. */
export async function savePosition(video: string, seconds: number, isLast: boolean): Promise<void> {
  if (!(await accessToken())) return;
  const call: Call = { method: "PUT", body: { position: seconds }, keepalive: isLast };
  await authorized(position(video), call);
}

function position(video: string): string {
  return `${API}/videos/${encodeURIComponent(video)}/position`;
}
