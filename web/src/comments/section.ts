import { listComments, type Sort, writeComment } from "../api/comments";
import { explain } from "../api/http";
import { randomKey } from "../api/random-key";
import { currentUser, onUserChange } from "../api/session";
import type { Comment, Video } from "../api/types";
import { el } from "../ui/dom";
import { CommentItem } from "./comment-item";
import { composer } from "./composer";
import { mentionsIn } from "./mentions";
import { choice, ReviewPanel } from "./review-panel";
import { Talk } from "./talk";

/** What people say about the video, below it. */
export class CommentSection {
  readonly element = el("section", {
    class: "panel comments",
    "aria-labelledby": "comments-title",
    hidden: true,
  });
  readonly #title = el("h2", { id: "comments-title", class: "panel-title" }, "Comments");
  readonly #sort = choice("Order of comments", { newest: "Newest first", top: "Top first" }, () =>
    this.#load(),
  );
  readonly #write = el("div");
  readonly #list = el("ul", { class: "comment-list" });
  readonly #more = el("button", { type: "button", class: "button" }, "More comments");
  readonly #error = el("p", { class: "form-error", role: "alert", hidden: true });
  #talk: Talk | null = null;
  #review: ReviewPanel | null = null;
  #cursor: string | null = null;
  #count = 0;

  constructor() {
    this.element.append(
      el("header", { class: "comments-header" }, this.#title, this.#sort),
      this.#write,
      this.#list,
      this.#error,
      this.#more,
    );
    this.#more.addEventListener("click", () => void this.#loadMore());
    onUserChange(() => void this.#load());
  }

  /** Shows what is said about a video that can be played. */
  show(video: Video): void {
    if (this.#talk) return;
    this.#talk = new Talk(
      video,
      () => void this.#load(),
      () => this.#showCount(this.#count + 1),
    );
    this.#review = new ReviewPanel(this.#talk);
    this.#write.before(this.#review.element);
    void this.#load();
  }

  #load(): Promise<void> {
    return this.#attempt(async (talk) => {
      talk.user = await currentUser().catch(() => null);
      const page = await listComments(talk.video.id, this.#sort.value as Sort, null);
      talk.pinned = page.pinned?.id ?? null;
      const rest = page.items.filter(({ id }) => id !== talk.pinned);
      this.#list.replaceChildren();
      this.#append(talk, page.pinned ? [page.pinned, ...rest] : rest, page.next_cursor);
      this.#showCount(page.count);
      this.#sort.hidden = page.items.length < 2;
      this.#review?.show(talk.moderates ? page.policy : null);
      this.#write.replaceChildren(
        page.policy === "off" ? off() : talk.user ? this.#composer(talk) : signIn(),
      );
      this.element.hidden = false;
    });
  }

  #showCount(count: number): void {
    this.#count = count;
    this.#title.textContent = count ? `Comments · ${count.toLocaleString()}` : "Comments";
  }

  #loadMore(): Promise<void> {
    return this.#attempt(async (talk) => {
      const page = await listComments(talk.video.id, this.#sort.value as Sort, this.#cursor);
      const rest = page.items.filter(({ id }) => id !== talk.pinned);
      this.#append(talk, rest, page.next_cursor);
    });
  }

  #append(talk: Talk, items: readonly Comment[], cursor: string | null): void {
    talk.meet(items);
    this.#list.append(...items.map((item) => new CommentItem(talk, item).element));
    this.#cursor = cursor;
    this.#more.hidden = cursor === null;
  }

  #composer(talk: Talk): HTMLElement {
    let key = randomKey();
    return composer({
      label: "Say something about it",
      action: "Comment",
      send: async (text) => {
        const words = { text, mentions: mentionsIn(text, talk.people) };
        const said = await writeComment(talk.video.id, words, key);
        key = randomKey();
        talk.meet([said]);
        if (said.state === "shown") talk.add();
        this.#list.prepend(new CommentItem(talk, said).element);
      },
    });
  }

  async #attempt(task: (talk: Talk) => Promise<void>): Promise<void> {
    if (!this.#talk) return;
    this.#error.hidden = true;
    try {
      await task(this.#talk);
    } catch (error) {
      this.#error.textContent = explain(error);
      this.#error.hidden = false;
    }
  }
}

function off(): HTMLElement {
  return el("p", { class: "comment-note" }, "Comments are turned off for this video.");
}

function signIn(): HTMLElement {
  const next = encodeURIComponent(location.pathname + location.search);
  return el(
    "p",
    { class: "comment-note" },
    el("a", { href: `/?sign-in&next=${next}` }, "Sign in"),
    " to say something about it.",
  );
}
