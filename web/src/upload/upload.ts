import { ApiError } from "../api/http";
import type { Video, VideoSummary, VisibilityChoice } from "../api/types";
import { abortUpload, completeUpload, getVideo, startUpload } from "../api/videos";
import { fileHash } from "./file-hash";
import { mediaType } from "./media-type";
import { forgetUpload, recall, remember } from "./resume";
import { transferParts } from "./transfer";

export interface UploadDetails {
  title: string;
  description: string;
  tags: string[];
  language: string;
  visibility: VisibilityChoice;
  /** The team that it is to belong to; null: the user. */
  owner?: string | null;
}

/** The unfinished upload of this very file that this browser began, if the server still has it. */
export async function findUnfinished(userId: string, file: File): Promise<Video | null> {
  const known = recall(userId, file);
  if (!known) return null;
  try {
    const video = await getVideo(known.videoId);
    if (isUnfinished(video)) return video;
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
  }
  forgetUpload(userId, file);
  return null;
}

export function isUnfinished(video: Pick<VideoSummary, "status">): boolean {
  return video.status === "INITIATED" || video.status === "UPLOADING";
}

/** Whether `file` can be the one whose upload `video` began: the storage will demand the same size. */
export function fits(video: Pick<VideoSummary, "filesize">, file: Pick<File, "size">): boolean {
  return video.filesize === file.size;
}

/**
 * Creates the video. `key` makes a repeated call after a lost answer return the same video.
 * With `again` a file that the user has already is shared: then there is nothing to send.
 */
export async function beginUpload(
  userId: string,
  file: File,
  details: UploadDetails,
  key: string,
  again: boolean,
): Promise<Video> {
  const video = { ...details, filename: file.name, filesize: file.size, filetype: mediaType(file) };
  const what = { sha256: await fileHash(file), on_duplicate: again ? "share" : "refuse" } as const;
  const started = await startUpload({ ...video, ...what }, key);
  if (!started.upload) return started.video;
  remember(userId, file, { videoId: started.video.id, title: details.title, startedAt: Date.now() });
  return started.video;
}

/** Sends what is missing and completes the upload. Repeatable after any failure. */
export async function finishUpload(
  userId: string,
  videoId: string,
  file: File,
  onProgress: (sentBytes: number) => void,
  signal: AbortSignal,
): Promise<Video> {
  await transferParts(videoId, file, onProgress, signal);
  const video = await completeUpload(videoId, signal);
  forgetUpload(userId, file);
  return video;
}

/** Gives the upload up and lets the storage drop its parts. */
export async function cancelUpload(userId: string, videoId: string, file: File): Promise<void> {
  forgetUpload(userId, file);
  await abortUpload(videoId);
}
