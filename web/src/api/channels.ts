/** Every call about channels, and what the signed-in user is to them. */
import { API, type Call } from "./http";
import type { Channel, ChannelChange, Subscription, SubscriptionPage, VideoPage } from "./types";
import { authorized, pageQuery } from "./videos";

const SUBSCRIPTIONS = `${API}/user/subscriptions`;

export type Picture = "avatar" | "banner";
/** The order of a channel's videos. */
export type ChannelSort = "newest" | "views";

export function getChannel(channel: string): Promise<Channel> {
  return json(path(channel));
}

export function changeChannel(channel: string, change: ChannelChange): Promise<Channel> {
  return json(path(channel), { method: "PATCH", body: change });
}

export function givePicture(channel: string, picture: Picture, image: File): Promise<Channel> {
  return json(`${path(channel)}/pictures/${picture}`, { method: "PUT", body: image });
}

export async function removePicture(channel: string, picture: Picture): Promise<void> {
  await authorized(`${path(channel)}/pictures/${picture}`, { method: "DELETE" });
}

/** A handle after the account's name, that nobody has. */
export async function suggestHandle(channel: string): Promise<string> {
  return (await json<{ handle: string }>(`${path(channel)}/suggested-handle`)).handle;
}

/** Its public videos. */
export function listChannelVideos(
  channel: string,
  sort: ChannelSort,
  cursor: string | null,
): Promise<VideoPage> {
  return json(`${path(channel)}/videos?${pageQuery(cursor, 24)}&sort=${sort}`);
}

export function getSubscription(channel: string): Promise<Subscription> {
  return json(`${path(channel)}/subscription`);
}

export function subscribe(channel: string, wanted: boolean): Promise<Subscription> {
  return json(`${path(channel)}/subscription`, { method: wanted ? "PUT" : "DELETE" });
}

/** None of its videos is new to the user any more. */
export async function seeChannel(channel: string): Promise<void> {
  await authorized(`${path(channel)}/subscription/seen`, { method: "PUT" });
}

/** None of the videos of any channel is new from now on. */
export async function seeAllChannels(): Promise<void> {
  await authorized(`${SUBSCRIPTIONS}/seen`, { method: "PUT" });
}

/** The channels that the user is subscribed to. */
export function listSubscriptions(cursor: string | null): Promise<SubscriptionPage> {
  return json(`${SUBSCRIPTIONS}?${pageQuery(cursor, 50)}`);
}

/** What they have published, the latest first. */
export function listFeed(cursor: string | null): Promise<VideoPage> {
  return json(`${SUBSCRIPTIONS}/feed?${pageQuery(cursor, 24)}`);
}

/** `@` and a handle stay as they are: people read addresses. */
function path(channel: string): string {
  return `${API}/channels/${encodeURIComponent(channel).replace("%40", "@")}`;
}

async function json<T>(address: string, call: Call = {}): Promise<T> {
  return (await (await authorized(address, call)).json()) as T;
}
