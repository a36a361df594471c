import type { Encoding, ImportProgress, Video } from "../api/types";
import { el } from "../ui/dom";
import { type IconName, icon } from "../ui/icons";
import { amount, timeLeft } from "../ui/words";

/** What stands in the player's place while, or because, there is nothing to play. */
export interface Notice {
  picture: IconName | "spinner";
  title: string;
  text: string;
  /** A stable code for support, shown small. */
  code?: string;
  percent?: number;
  action?: { label: string; href: string } | { label: string; onClick: () => void };
}

export function noticeElement(notice: Notice): HTMLElement {
  const picture = notice.picture === "spinner" ? el("div", { class: "spinner" }) : icon(notice.picture);
  return el(
    "section",
    { class: "notice", role: "status" },
    el("div", { class: "notice-picture" }, picture),
    el("h2", { class: "notice-title" }, notice.title),
    el("p", { class: "notice-text" }, notice.text),
    notice.percent !== undefined &&
      el("progress", { max: 100, value: notice.percent, "aria-label": notice.title }),
    notice.code && el("code", { class: "notice-code" }, notice.code),
    notice.action && actionElement(notice.action),
  );
}

function actionElement(action: NonNullable<Notice["action"]>): HTMLElement {
  if ("href" in action) return el("a", { class: "button", href: action.href }, action.label);
  const button = el("button", { type: "button", class: "button" }, action.label);
  button.addEventListener("click", action.onClick);
  return button;
}

export const LOADING: Notice = { picture: "spinner", title: "Loading …", text: "" };

/** What to say about a video that is not READY. */
export function noticeFor(video: Video): Notice {
  if (video.status === "FAILED") {
    return {
      picture: "alert",
      title: "This video could not be processed",
      text: video.failure?.detail ?? "Something in the file could not be read.",
      ...(video.failure && { code: video.failure.code }),
    };
  }
  if (video.status === "PROCESSING") return processing(video);
  if (video.import) return fetching(video.import);
  return {
    picture: "upload",
    title: "Still being uploaded",
    text: "This page starts the video by itself as soon as it has arrived.",
  };
}

function fetching({ received, length, trouble }: ImportProgress): Notice {
  const notice: Notice = {
    picture: "spinner",
    title: "The file is being fetched",
    text: received ? `${amount(received, length)}. The video starts here by itself.` : "It begins soon.",
  };
  if (trouble) notice.text = `${trouble} It is tried again.`;
  if (length) notice.percent = (100 * received) / length;
  return notice;
}

const WAITS: Record<NonNullable<Encoding["waiting_for"]>, string> = {
  probe: "The file has arrived and is being looked at.",
  first_picture: "The first picture is being encoded. The video starts here by itself.",
  first_sound: "The first sound is being encoded. The video starts here by itself.",
  remaining_cells: "The video starts here in a moment.",
};

function processing({ encoding }: Video): Notice {
  const left = encoding?.seconds_left;
  const notice: Notice = {
    picture: "spinner",
    title: "Almost ready",
    text: WAITS[encoding?.waiting_for ?? "probe"],
  };
  if (typeof left === "number") notice.text += ` (${timeLeft(left)})`;
  return notice;
}

/** Missing and forbidden look the same on purpose: who may not see a video may not learn that it exists. */
export function notFound(signedIn: boolean, returnTo: string): Notice {
  const notice: Notice = {
    picture: "lock",
    title: "Nothing to see here",
    text: "This video does not exist, or it is private.",
    action: { label: "To the latest videos", href: "/" },
  };
  if (signedIn) return notice;
  const href = `/?sign-in&next=${encodeURIComponent(returnTo)}`;
  return {
    ...notice,
    text: `${notice.text} If it is yours, sign in to watch it.`,
    action: { label: "Sign in", href },
  };
}

/** A signed link that opens nothing, or no longer. */
export function badLink(text: string): Notice {
  return { picture: "lock", title: "This link does not open the video", text };
}

export function unreachable(text: string, onClick: () => void): Notice {
  return { picture: "offline", title: "No connection", text, action: { label: "Try again", onClick } };
}
