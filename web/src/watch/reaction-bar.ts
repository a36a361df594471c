import { explain } from "../api/http";
import { getCounts, type Kind, react } from "../api/reactions";
import { currentUser, onUserChange } from "../api/session";
import type { User, Video, VideoCounts } from "../api/types";
import { el } from "../ui/dom";
import { icon } from "../ui/icons";
import { plural } from "../ui/words";

/** What people think of the video, and the viewer's own reaction. */
export class ReactionBar {
  readonly element = el("div", { class: "reactions", hidden: true });
  readonly #error = el("p", { class: "form-error", role: "alert", hidden: true });
  readonly #views = el("p", { class: "reaction-views" });
  readonly #buttons = {
    like: el("button", { type: "button", class: "button" }),
    dislike: el("button", { type: "button", class: "button" }),
  };
  #video: Video | null = null;
  #counts: VideoCounts | null = null;
  #user: User | null = null;

  constructor() {
    for (const kind of ["like", "dislike"] as const)
      this.#buttons[kind].addEventListener("click", () => void this.#react(kind));
    this.element.append(this.#views, this.#buttons.like, this.#buttons.dislike, this.#error);
    onUserChange(() => void this.#load());
  }

  /** Shows itself below a video that can be played. */
  show(video: Video): void {
    if (this.#video) return;
    this.#video = video;
    void this.#load();
  }

  async #load(): Promise<void> {
    if (!this.#video) return;
    this.#user = await currentUser().catch(() => null);
    this.#counts = await getCounts(this.#video.id).catch(() => null); // a bar less, no reason to stop
    this.#draw();
  }

  #draw(): void {
    const counts = this.#counts;
    this.element.hidden = counts === null;
    if (!counts) return;
    this.#views.textContent = `${counts.views.toLocaleString()} ${counts.views === 1 ? "view" : "views"}`;
    for (const [kind, count, name] of [
      ["like", counts.likes, "thumbUp"],
      ["dislike", counts.dislikes, "thumbDown"],
    ] as const) {
      const button = this.#buttons[kind];
      button.replaceChildren(icon(name), count.toLocaleString());
      button.setAttribute("aria-label", `${kind === "like" ? "Like" : "Dislike"}, ${plural(count, kind)}`);
      button.setAttribute("aria-pressed", String(counts.reaction === kind));
      button.disabled = this.#user === null;
      button.title = this.#user ? "" : "Sign in to say what you think of it";
    }
  }

  async #react(kind: Kind): Promise<void> {
    if (!this.#video || !this.#counts) return;
    this.#error.hidden = true;
    try {
      this.#counts = await react(this.#video.id, this.#counts.reaction === kind ? null : kind);
      this.#draw();
    } catch (error) {
      this.#error.textContent = explain(error);
      this.#error.hidden = false;
    }
  }
}
