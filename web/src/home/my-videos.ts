import { explain } from "../api/http";
import type { Team, User, Video, VideoSummary } from "../api/types";
import { getVideo, listMyVideos } from "../api/videos";
import { el } from "../ui/dom";
import { cardStatus, isMoving } from "./card-status";
import { EditDialog } from "./edit-dialog";
import { OwnerChoice } from "./owner-choice";
import { editable } from "./roles";
import { UsageMeter } from "./usage";
import { videoCard } from "./video-card";

const POLL_MS = 2000;
const POLLED_AT_ONCE = 6; // an event stream each would use up the browser's connections to this host

/** The signed-in user's videos with their states, kept up to date while something moves. */
export class MyVideos {
  readonly element: HTMLElement;
  readonly #title = el("h2", { id: "mine-title" }, "Your videos");
  readonly #grid = el("div", { class: "grid" });
  readonly #message = el("p", { class: "empty", role: "status", hidden: true });
  readonly #more = el("button", { type: "button", class: "button more", hidden: true }, "Show more");
  readonly #owner = new OwnerChoice("mine-owner", "Whose videos", "Yours");
  readonly #usage = new UsageMeter();
  readonly #edit: EditDialog;
  readonly #onResume: (video: VideoSummary) => void;
  #videos = new Map<string, VideoSummary | Video>();
  #cursor: string | null = null;
  #timer = 0;
  #user: User | null = null;
  #teams: Team[] = [];

  constructor(onResume: (video: VideoSummary) => void) {
    this.#onResume = onResume;
    this.#edit = new EditDialog(
      (video) => this.#replace(video),
      (id) => this.#remove(id),
    );
    const header = el(
      "header",
      { class: "section-header" },
      this.#title,
      this.#owner.element,
      this.#usage.element,
    );
    const attributes = { class: "section", "aria-labelledby": "mine-title" };
    this.element = el(
      "section",
      attributes,
      header,
      this.#grid,
      this.#message,
      this.#more,
      this.#edit.element,
    );
    this.#owner.select.addEventListener("change", () => this.#restart());
    this.#more.addEventListener("click", () => void this.#loadMore());
    document.addEventListener("visibilitychange", () => this.#schedule());
  }

  useAccount(user: User | null): void {
    this.#user = user;
    this.#owner.offer([]);
    this.#restart();
  }

  useTeams(teams: Team[]): void {
    this.#teams = teams;
    if (!this.#owner.offer(teams)) this.#restart(); // what was shown is not the user's to see any more
  }

  #restart(): void {
    this.#title.textContent = this.#owner.name ?? "Your videos";
    this.#videos.clear();
    this.#grid.replaceChildren();
    this.#cursor = null;
    this.#say("");
    this.#usage.hide();
    if (!this.#user) return;
    void this.#loadMore();
    void this.#usage.refresh(this.#owner.owner);
  }

  async #loadMore(): Promise<void> {
    try {
      const owner = this.#owner.owner;
      const page = await listMyVideos(owner, this.#cursor);
      if (owner !== this.#owner.owner) return; // another choice was made meanwhile
      this.#cursor = page.next_cursor;
      this.#more.hidden = this.#cursor === null;
      for (const video of page.items) this.#replace(video);
      this.#say(this.#videos.size === 0 ? "Nothing here yet. Drop a film above." : "");
      // The list does not tell progress; the first look at each moving video is due now.
      await this.#poll();
    } catch (error) {
      this.#say(explain(error));
    }
  }

  #replace(video: VideoSummary | Video): void {
    const { id } = video;
    this.#videos.set(id, video);
    const old = this.#grid.querySelector(`[data-video="${CSS.escape(id)}"]`);
    const status = cardStatus(
      video,
      this.#mayEdit()
        ? { onResume: () => this.#onResume(video), onEdit: () => this.#edit.open(video) }
        : null,
    );
    if (old) old.querySelector(".card-status")?.replaceWith(status);
    if (!old) this.#grid.append(videoCard(video, status));
    else if (old.getAttribute("data-look") !== look(video)) old.replaceWith(videoCard(video, status));
    this.#grid.querySelector(`[data-video="${CSS.escape(id)}"]`)?.setAttribute("data-look", look(video));
  }

  /** Whether what is shown is the user's to change. */
  #mayEdit(): boolean {
    const { owner } = this.#owner;
    return owner === null || editable(this.#teams).some(({ id }) => id === owner);
  }

  #remove(id: string): void {
    this.#videos.delete(id);
    this.#grid.querySelector(`[data-video="${CSS.escape(id)}"]`)?.remove();
    void this.#usage.refresh(this.#owner.owner);
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (document.hidden || !this.#user || !this.#moving().length) return;
    this.#timer = window.setTimeout(() => void this.#poll(), POLL_MS);
  }

  async #poll(): Promise<void> {
    const looks = this.#moving()
      .slice(0, POLLED_AT_ONCE)
      .map(({ id }) => getVideo(id));
    for (const answer of await Promise.allSettled(looks)) {
      if (answer.status === "fulfilled") this.#replace(answer.value);
    }
    this.#schedule();
  }

  #moving(): (VideoSummary | Video)[] {
    return [...this.#videos.values()].filter(isMoving);
  }

  #say(message: string): void {
    this.#message.textContent = message;
    this.#message.hidden = message === "";
  }
}

/** What of a video its card shows besides the status: only then is the card drawn anew. */
function look(video: VideoSummary): string {
  return JSON.stringify([
    video.title,
    video.visibility,
    video.duration,
    video.playback?.poster,
    video.playback?.preview,
    video.status,
  ]);
}
