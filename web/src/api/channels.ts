/** Every call about channels, and what the signed-in user is to them. */
import { API } from "./http";
import type { Channel, Subscription, VideoPage } from "./types";
import { authorized, pageQuery } from "./videos";

export function getChannel(channel: string): Promise<Channel> {
  return json(path(channel));
}

/** Its public videos, the latest first. */
export function listChannelVideos(channel: string, cursor: string | null): Promise<VideoPage> {
  return json(`${path(channel)}/videos?${pageQuery(cursor, 24)}`);
}

export function getSubscription(channel: string): Promise<Subscription> {
  return json(`${path(channel)}/subscription`);
}

export function subscribe(channel: string, wanted: boolean): Promise<Subscription> {
  return json(`${path(channel)}/subscription`, wanted ? "PUT" : "DELETE");
}

/** None of its videos is new to the user any more. */
export async function seeChannel(channel: string): Promise<void> {
  await authorized(`${path(channel)}/subscription/seen`, { method: "PUT" });
}

/** `@` and a handle stay as they are: people read addresses. */
function path(channel: string): string {
  return `${API}/channels/${encodeURIComponent(channel).replace("%40", "@")}`;
}

async function json<T>(address: string, method: "GET" | "PUT" | "DELETE" = "GET"): Promise<T> {
  return (await (await authorized(address, { method })).json()) as T;
}
