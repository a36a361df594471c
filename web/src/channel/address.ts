/** Where channels are. Pure. */

/** The page of a channel: by its handle, where it has one. */
export function channelAddress(channel: { id: string; handle: string | null }): string {
  return channel.handle ? `/@${channel.handle}` : `/channel/${channel.id}`;
}

/** Which channel `/@ada` or `/channel/{id}` asks for, as the server reads it. */
export function channelOf(path: string): string {
  return decodeURIComponent(path.split("/").at(-1) ?? "");
}
