/** Every call about comments. They are read by whoever may see the video, and written by accounts. */
import { API } from "./http";
import type {
  Comment,
  CommentPage,
  CommentSettings,
  CommentSettingsChange,
  OwnCommentPage,
  ReplyPage,
  ReportedPage,
  ReviewPage,
} from "./types";
import { authorized, seen } from "./videos";

export type Sort = "newest" | "top";
export type Queue = "held" | "reported" | "hidden";

export interface NewWords {
  text: string;
  mentions: string[];
  parent_id?: string;
}

export function listComments(video: string, sort: Sort, cursor: string | null): Promise<CommentPage> {
  return json(`${seen(video)}/comments?${query({ sort, cursor })}`);
}

export function listReplies(video: string, id: string, cursor: string | null): Promise<ReplyPage> {
  return json(`${seen(video)}/comments/${id}/replies?${query({ cursor })}`);
}

/** Safe to repeat with the same key. */
export function writeComment(video: string, words: NewWords, idempotencyKey: string): Promise<Comment> {
  const headers = { "Idempotency-Key": idempotencyKey };
  return json(own(video), { method: "POST", body: words, headers });
}

export function editComment(video: string, id: string, words: NewWords): Promise<Comment> {
  return json(own(video, id), { method: "PATCH", body: words });
}

export async function deleteComment(video: string, id: string): Promise<void> {
  await authorized(own(video, id), { method: "DELETE" });
}

export async function likeComment(video: string, id: string, likes: boolean): Promise<void> {
  await authorized(`${own(video, id)}/like`, { method: likes ? "PUT" : "DELETE" });
}

export async function reportComment(video: string, id: string, reason: string): Promise<void> {
  await authorized(`${own(video, id)}/reports`, { method: "POST", body: { reason } });
}

export function changeComments(video: string, change: CommentSettingsChange): Promise<CommentSettings> {
  return json(own(video), { method: "PATCH", body: change });
}

export function reviewComments(video: string, queue: Queue, cursor: string | null): Promise<ReviewPage> {
  return json(`${own(video)}/review?${query({ queue, cursor })}`);
}

/** What the signed-in user has said, on every video. */
export function listOwnComments(cursor: string | null): Promise<OwnCommentPage> {
  return json(`${API}/user/comments?${query({ cursor })}`);
}

/** On every video; for administrators. */
export function listReported(cursor: string | null): Promise<ReportedPage> {
  return json(`${API}/comments/reported?${query({ cursor })}`);
}

/** Shows or hides a comment on one's own video; what was reported of it is settled. */
export function decideComment(video: string, id: string, state: "shown" | "hidden"): Promise<Comment> {
  return json(`${own(video, id)}/state`, { method: "PUT", body: { state } });
}

/** Where accounts write: by themselves, whatever token opens the video to them. */
function own(video: string, id?: string): string {
  const comments = `${API}/videos/${encodeURIComponent(video)}/comments`;
  return id ? `${comments}/${encodeURIComponent(id)}` : comments;
}

function query(values: Record<string, string | null>): URLSearchParams {
  return new URLSearchParams(Object.entries(values).filter((pair): pair is [string, string] => !!pair[1]));
}

async function json<T>(...call: Parameters<typeof authorized>): Promise<T> {
  const response = await authorized(...call);
  return (await response.json()) as T;
}
