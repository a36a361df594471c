/** Every call about likes and dislikes. */
import { API } from "./http";
import type { VideoCounts } from "./types";
import { authorized, seen } from "./videos";

export type Kind = NonNullable<VideoCounts["reaction"]>;

export async function getCounts(video: string): Promise<VideoCounts> {
  return (await (await authorized(`${seen(video)}/counts`)).json()) as VideoCounts;
}

/** The account's one reaction; null takes it back. */
export async function react(video: string, kind: Kind | null): Promise<VideoCounts> {
  const path = `${API}/videos/${encodeURIComponent(video)}/reaction`;
  const call = kind ? ({ method: "PUT", body: { kind } } as const) : ({ method: "DELETE" } as const);
  return (await (await authorized(path, call)).json()) as VideoCounts;
}
