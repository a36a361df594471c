/** Every call about videos, one function each. All send the session's token if there is one. */
import { API, ApiError, type Call, send } from "./http";
import { passPrefix, passSeconds, readdressed } from "./pass";
import { accessToken, discardToken } from "./session";
import type {
  Chapters,
  Download,
  Downloads,
  NewClip,
  NewImport,
  NewUpload,
  PlaybackToken,
  SignedParts,
  Storyboard,
  TextTracks,
  Transcript,
  UploadStarted,
  Usage,
  Video,
  VideoChange,
  VideoPage,
  VideoSummary,
} from "./types";

/** Where a video is read by whoever may see it. */
export function seen(id: string): string {
  return `${passPrefix()}${API}/videos/${encodeURIComponent(id)}`;
}

export function getVideo(id: string, signal?: AbortSignal): Promise<Video> {
  return json(seen(id), signal ? { signal } : {});
}

/** Whether one may change it: the server tells the file's name to nobody else. */
export function isOurs(video: Pick<VideoSummary, "filename">): boolean {
  return video.filename !== null;
}

/** Whether whoever has its addresses gets what is there: it is open, or a token stands in them. */
export function isOpen(video: Pick<VideoSummary, "visibility" | "playback">): boolean {
  return ["public", "unlisted"].includes(video.visibility) || !!video.playback?.hls.startsWith("/t/");
}

/** The playlist at an address that opens it by itself, and for how many seconds; a private one by a token of one's own. */
export async function carriedPlaylist(
  video: VideoSummary,
  hls: string,
): Promise<{ hls: string; seconds: number }> {
  if (isOpen(video)) return { hls: readdressed(hls), seconds: passSeconds() };
  const path = `${API}/videos/${encodeURIComponent(video.id)}/playback-tokens`;
  const made = await json<PlaybackToken>(path, { method: "POST", body: {} });
  return { hls: made.prefix + hls, seconds: made.expires_in };
}

export function getChapters(id: string): Promise<Chapters> {
  return json(`${seen(id)}/chapters`);
}

export function listCaptions(id: string): Promise<TextTracks> {
  return json(`${seen(id)}/captions`);
}

/** What is said behind the first `after` lines. */
export function getTranscript(id: string, after = 0): Promise<Transcript> {
  return json(`${seen(id)}/transcript?after=${after}`);
}

export function listDownloads(id: string): Promise<Downloads> {
  return json(`${seen(id)}/downloads`);
}

/** Offers a file to whoever may watch the video; what it is made of is encoded first. */
export function offerDownload(id: string, name: string): Promise<Download> {
  return json(downloadPath(id, name), { method: "PUT" });
}

export async function withdrawDownload(id: string, name: string): Promise<void> {
  await authorized(downloadPath(id, name), { method: "DELETE" });
}

function downloadPath(id: string, name: string): string {
  return `${API}/videos/${encodeURIComponent(id)}/downloads/${encodeURIComponent(name)}`;
}

/** Makes a part of a video a video of its own; safe to repeat with the same key. */
export function makeClip(id: string, clip: NewClip, idempotencyKey: string): Promise<Video> {
  const headers = { "Idempotency-Key": idempotencyKey };
  return json(`${API}/videos/${encodeURIComponent(id)}/clips`, { method: "POST", body: clip, headers });
}

export function listPublicVideos(cursor: string | null, limit = 24): Promise<VideoPage> {
  return json(`${API}/videos?${pageQuery(cursor, limit)}`);
}

/** The user's videos, or those of a team. */
export function listMyVideos(owner: string | null, cursor: string | null, limit = 24): Promise<VideoPage> {
  const query = pageQuery(cursor, limit);
  if (owner) query.set("owner", owner);
  return json(`${API}/videos/mine?${query}`);
}

/** What the signed-in user, or a team, stores and may store. */
export function getUsage(owner: string | null): Promise<Usage> {
  return json(`${API}/user/usage${owner ? `?owner=${owner}` : ""}`);
}

/** Creates the video and its multipart upload; safe to repeat with the same key. */
export function startUpload(video: NewUpload, idempotencyKey: string): Promise<UploadStarted> {
  const headers = { "Idempotency-Key": idempotencyKey };
  return json(`${API}/videos/init`, { method: "POST", body: video, headers });
}

/** Has a file fetched from its address; safe to repeat with the same key. */
export function importVideo(video: NewImport, idempotencyKey: string): Promise<Video> {
  const headers = { "Idempotency-Key": idempotencyKey };
  return json(`${API}/videos/import`, { method: "POST", body: video, headers });
}

/** Presigned addresses of parts `from` to `to`, and which parts the storage already holds. */
export function signParts(id: string, from: number, to: number, signal?: AbortSignal): Promise<SignedParts> {
  const path = `${API}/videos/signedurl/${encodeURIComponent(id)}?from=${from}&to=${to}`;
  return json(path, signal ? { signal } : {});
}

export function completeUpload(id: string, signal?: AbortSignal): Promise<Video> {
  // No list of parts: the storage's own list is the truth.
  const call: Call = { method: "POST", body: {} };
  if (signal) call.signal = signal;
  return json(`${API}/videos/complete/${encodeURIComponent(id)}`, call);
}

export async function abortUpload(id: string): Promise<void> {
  await authorized(`${API}/videos/abort/${encodeURIComponent(id)}`, { method: "POST" });
}

export function editVideo(id: string, changes: VideoChange): Promise<Video> {
  return json(`${API}/videos/${encodeURIComponent(id)}`, { method: "PATCH", body: changes });
}

/** From now on whoever knows it can watch, and nobody who knew a former one. */
export async function setPassword(id: string, password: string): Promise<void> {
  await authorized(`${API}/videos/${encodeURIComponent(id)}/password`, { method: "PUT", body: { password } });
}

export async function deleteVideo(id: string): Promise<void> {
  await authorized(`${API}/videos/${encodeURIComponent(id)}`, { method: "DELETE" });
}

/** An address of the poster that an `img` can load, or null. */
export async function posterAddress(video: VideoSummary): Promise<string | null> {
  const poster = video.playback?.poster;
  if (!poster) return null;
  try {
    return await pictureAddress(poster, !isOpen(video));
  } catch (error) {
    if (error instanceof ApiError) return null; // a missing poster must not hide the video
    throw error;
  }
}

/**
 * The address of a picture itself, or for a private video that of a copy fetched with the token, which an `img`
 * cannot send.
 */
export async function pictureAddress(path: string, isPrivate: boolean): Promise<string> {
  if (!isPrivate) return path;
  const response = await authorized(path);
  return URL.createObjectURL(await response.blob());
}

/** Where the pictures of the time line are; `path` is told by the video. */
export function getStoryboard(path: string): Promise<Storyboard> {
  return json(path);
}

/** Sends a request with the token; a refused token is renewed once. */
export async function authorized(path: string, call: Call = {}): Promise<Response> {
  const isOurs = new URL(path, location.href).origin === location.origin;
  const token = isOurs ? await accessToken() : null;
  if (!token) return send(path, call);
  try {
    return await send(path, withToken(call, token));
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
    discardToken(token);
    const renewed = await accessToken();
    return send(path, renewed ? withToken(call, renewed) : call);
  }
}

function withToken(call: Call, token: string): Call {
  return { ...call, headers: { ...call.headers, Authorization: `Bearer ${token}` } };
}

async function json<T>(path: string, call: Call = {}): Promise<T> {
  const response = await authorized(path, call);
  return (await response.json()) as T;
}

export function pageQuery(cursor: string | null, limit: number): URLSearchParams {
  const query = new URLSearchParams({ limit: String(limit) });
  if (cursor) query.set("cursor", cursor);
  return query;
}
