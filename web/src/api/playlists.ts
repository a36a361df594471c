/** Every call about playlists. */
import { API } from "./http";
import type {
  ItemPage,
  NewPlaylist,
  OwnPlaylistPage,
  Playlist,
  PlaylistChange,
  PlaylistItem,
  PlaylistPage,
  PlaylistPlace,
} from "./types";
import { authorized, pageQuery } from "./videos";

const PLAYLISTS = `${API}/playlists`;

/** Which of the playlists of the signed-in user, or of a team, are wanted. */
export interface OwnPlaylists {
  owner: string | null;
  /** A video: each tells which of its items holds that. */
  video?: string;
  cursor: string | null;
}

/** Which page of a playlist. */
export interface ItemsWanted {
  cursor?: string | null;
  /** A video that the page should have in its middle. */
  around?: string;
}

export function listOwnPlaylists(wanted: OwnPlaylists): Promise<OwnPlaylistPage> {
  return json(`${PLAYLISTS}/mine?${query({ ...wanted, limit: "50" })}`);
}

/** What an account shows everybody. */
export function listPublicPlaylists(account: string, cursor: string | null): Promise<PlaylistPage> {
  return json(`${API}/users/${encodeURIComponent(account)}/playlists?${pageQuery(cursor, 12)}`);
}

export function makePlaylist(playlist: NewPlaylist): Promise<Playlist> {
  return json(PLAYLISTS, "POST", playlist);
}

export function getPlaylist(id: string): Promise<Playlist> {
  return json(path(id));
}

export function changePlaylist(id: string, change: PlaylistChange): Promise<Playlist> {
  return json(path(id), "PATCH", change);
}

export async function deletePlaylist(id: string): Promise<void> {
  await authorized(path(id), { method: "DELETE" });
}

export function listItems(id: string, wanted: ItemsWanted = {}): Promise<ItemPage> {
  return json(`${path(id)}/items?${query({ ...wanted, limit: "50" })}`);
}

/** At the end; where it is there already it stays where it is. */
export function addToPlaylist(id: string, video: string): Promise<PlaylistItem> {
  return json(`${path(id)}/videos/${encodeURIComponent(video)}`, "PUT", {});
}

export function moveItem(id: string, item: string, place: PlaylistPlace): Promise<PlaylistItem> {
  return json(`${path(id)}/items/${item}/place`, "PUT", place);
}

export async function removeItem(id: string, item: string): Promise<void> {
  await authorized(`${path(id)}/items/${item}`, { method: "DELETE" });
}

function path(id: string): string {
  return `${PLAYLISTS}/${encodeURIComponent(id)}`;
}

function query(values: Record<string, string | null | undefined>): URLSearchParams {
  const given = Object.entries(values).filter((pair): pair is [string, string] => !!pair[1]);
  return new URLSearchParams(given);
}

async function json<T>(
  address: string,
  method: "GET" | "POST" | "PUT" | "PATCH" = "GET",
  body?: unknown,
): Promise<T> {
  return (await (await authorized(address, { method, body })).json()) as T;
}
