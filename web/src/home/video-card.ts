import type { VideoSummary } from "../api/types";
import { isOpen, pictureAddress, posterAddress } from "../api/videos";
import { blurhashImage } from "../player/blurhash";
import { el } from "../ui/dom";
import { icon } from "../ui/icons";
import { ago, clock, few } from "../ui/words";

const REST_MS = 200; // a pointer that only crosses the card loads nothing
const LONGEST_PREVIEW_WAIT = "300px"; // how far below the screen a poster begins to load

/** A video in a grid: poster, length, title, owner, views, age. `extra` comes below. */
export function videoCard(video: VideoSummary, ...extra: (Node | null)[]): HTMLElement {
  const { owner, views, published_at, ready_at, created_at } = video;
  const age = ago(published_at ?? ready_at ?? created_at);
  const facts = views > 0 ? `${few(views, "view")} · ${age}` : age;
  return el(
    "article",
    { class: "card", "data-video": video.id, "data-status": video.status },
    el(
      "a",
      { class: "card-link", href: `/watch/${video.id}` },
      picture(video),
      el("h3", { class: "card-title" }, video.title),
    ),
    el("p", { class: "card-owner" }, owner.name),
    el("p", { class: "card-facts" }, visibilityIcon(video), facts),
    ...extra,
  );
}

/** The poster of a video, which moves while a pointer rests on it. */
export function picture(video: VideoSummary): HTMLElement {
  return moving(preview(video), video);
}

function preview(video: VideoSummary): HTMLElement {
  const frame = el("div", { class: "card-preview" }, icon("film"));
  const placeholder = blurhashImage(video.playback?.placeholder, (video.width ?? 16) / (video.height ?? 9));
  if (placeholder) frame.style.backgroundImage = placeholder;
  if (video.duration) frame.append(el("span", { class: "card-duration" }, clock(video.duration)));
  if (video.playback) loadWhenNear(frame, video);
  return frame;
}

/** Plays the video's preview while the pointer rests on its card. */
function moving(frame: HTMLElement, video: VideoSummary): HTMLElement {
  const path = video.playback?.preview;
  if (!path || matchMedia("(prefers-reduced-motion: reduce)").matches) return frame;
  const image = el("img", { class: "card-motion", alt: "" });
  let timer = 0;
  const play = async () => {
    image.src ||= await pictureAddress(path, !isOpen(video)).catch(() => "");
    if (timer && image.src) frame.append(image);
  };
  frame.addEventListener("pointerenter", (event) => {
    if (event.pointerType === "mouse") timer = window.setTimeout(() => void play(), REST_MS);
  });
  frame.addEventListener("pointerleave", () => {
    clearTimeout(timer);
    timer = 0;
    image.remove();
  });
  return frame;
}

function loadWhenNear(frame: HTMLElement, video: VideoSummary): void {
  const observer = new IntersectionObserver(
    ([entry]) => {
      if (!entry?.isIntersecting) return;
      observer.disconnect();
      void loadPoster(frame, video);
    },
    { rootMargin: LONGEST_PREVIEW_WAIT },
  );
  observer.observe(frame);
}

async function loadPoster(frame: HTMLElement, video: VideoSummary): Promise<void> {
  const address = await posterAddress(video).catch(() => null);
  if (!address) return;
  const image = el("img", { src: address, alt: "", decoding: "async" });
  image.addEventListener("load", () => {
    frame.prepend(image);
    if (address.startsWith("blob:")) URL.revokeObjectURL(address);
  });
}

/** What tells that not everybody finds it. */
export function visibilityIcon(video: VideoSummary): SVGSVGElement | null {
  if (video.visibility === "public") return null;
  return icon(video.visibility === "unlisted" ? "link" : "lock");
}
