import type { Encoding, ImportProgress, Video, VideoSummary } from "../api/types";
import { el } from "../ui/dom";
import { bytes, timeLeft } from "../ui/words";
import { isUnfinished } from "../upload/upload";

const WORDS = {
  INITIATED: "Unfinished",
  UPLOADING: "Unfinished",
  PROCESSING: "Processing",
  READY: "Ready",
  FAILED: "Failed",
};

export interface CardActions {
  onResume: () => void;
  onEdit: () => void;
}

/** Whether a video's state will change without anybody doing anything. */
export function isMoving(video: VideoSummary | Video): boolean {
  if (video.status === "PROCESSING" || isFetched(video)) return true;
  // A list does not tell how far encoding is; a READY video counts as moving until a closer look.
  if (video.status !== "READY") return false;
  return !("encoding" in video) || ["waiting", "running"].includes(video.encoding?.state ?? "complete");
}

/** Whether its file comes by itself. */
function isFetched(video: VideoSummary): boolean {
  return isUnfinished(video) && video.imported_from !== null;
}

function isSettled({ state }: Encoding): boolean {
  return ["complete", "resting", "cancelled"].includes(state);
}

/** The line of state, progress and actions under a video; without actions for who only sees it. */
export function cardStatus(video: VideoSummary | Video, actions: CardActions | null): HTMLElement {
  const encoding = "encoding" in video ? video.encoding : null;
  const filling = encoding !== null && !isSettled(encoding) && video.status !== "FAILED";
  const edit = actions && button("Edit", `Edit ${video.title}`, actions.onEdit);
  const fetched = "import" in video ? video.import : null;
  const resumable = isUnfinished(video) && !isFetched(video);
  const resume =
    actions && resumable && button("Resume", `Resume uploading ${video.title}`, actions.onResume);
  const words = isFetched(video) ? fetchingWords(fetched) : WORDS[video.status];
  return el(
    "div",
    { class: "card-status" },
    el(
      "span",
      { class: "badge", "data-status": video.status },
      filling ? fillingWords(video, encoding) : words,
    ),
    el("span", { class: "card-actions" }, resume, edit),
    filling && el("progress", { max: 100, value: encoding.percent, "aria-label": "Encoding" }),
    fetched?.length
      ? el("progress", { max: fetched.length, value: fetched.received, "aria-label": "Fetching" })
      : null,
    video.failure && el("p", { class: "card-failure", title: video.failure.code }, video.failure.detail),
  );
}

function fetchingWords(progress: ImportProgress | null): string {
  if (progress?.trouble) return "Fetching · trying again";
  if (!progress?.received) return "Fetching";
  const { received, length } = progress;
  return `Fetching · ${length ? `${Math.floor((100 * received) / length)} %` : bytes(received)}`;
}

function fillingWords(video: VideoSummary, encoding: Encoding): string {
  const left = encoding.seconds_left === null ? "" : `, ${timeLeft(encoding.seconds_left)}`;
  return `${WORDS[video.status]} · ${Math.floor(encoding.percent)} %${left}`;
}

function button(text: string, label: string, onClick: () => void): HTMLButtonElement {
  const element = el("button", { type: "button", class: "button quiet small", "aria-label": label }, text);
  element.addEventListener("click", onClick);
  return element;
}
