/** What pages say of playlists. Pure. */
import type { Playlist, VideoSummary } from "../api/types";

/** Who can see a playlist, as choices say it. */
export const PLAYLIST_VISIBILITIES: [Playlist["visibility"], string][] = [
  ["public", "Public: everybody finds it"],
  ["unlisted", "Unlisted: whoever has the link"],
  ["private", "Private: only its owner"],
];

/** In the place of a video that is private, or gone. */
export const UNAVAILABLE = "Not available";

/** The page of a video that is watched within a playlist. */
export function addressIn(playlist: string, video: Pick<VideoSummary, "id">, autoplay = false): string {
  const query = new URLSearchParams({ list: playlist });
  if (autoplay) query.set("autoplay", "1");
  return `/watch/${video.id}?${query}`;
}
