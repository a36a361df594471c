import {
  changeComments,
  decideComment,
  deleteComment,
  editComment,
  likeComment,
  listReplies,
  reportComment,
  writeComment,
} from "../api/comments";
import { randomKey } from "../api/random-key";
import type { Comment } from "../api/types";
import { channelAddress } from "../channel/address";
import { avatar } from "../channel/avatar";
import { attempt } from "../ui/attempt";
import { el } from "../ui/dom";
import { icon } from "../ui/icons";
import { ago, plural } from "../ui/words";
import { type ComposerOptions, composer } from "./composer";
import { mentionsIn, pieces } from "./mentions";
import type { Talk } from "./talk";

const LONGEST_REASON = 200;

/** A comment with what can be done about it and, of a top comment, what is answered below it. */
export class CommentItem {
  readonly element = el("li", { class: "comment" });
  readonly #body = el("div", { class: "comment-body" });
  readonly #answers = el("ul", { class: "comment-answers" });
  readonly #more = button("", () => this.#loadAnswers(), "comment-more");
  readonly #error = el("p", { class: "form-error", role: "alert", hidden: true });
  #cursor: string | null = null;
  #isOpen = false;

  constructor(
    readonly talk: Talk,
    public comment: Comment,
    /** The thread that it stands in; null: it is the top of one. */
    readonly thread: CommentItem | null = null,
  ) {
    this.element.id = `comment-${comment.id}`;
    this.element.append(this.#body, this.#error);
    if (!thread) this.element.append(this.#answers, this.#more);
    this.#draw();
  }

  #draw(): void {
    const { comment, talk } = this;
    this.element.dataset.state = comment.state;
    this.#drawMore();
    if (comment.state === "deleted") {
      this.#body.replaceChildren(el("p", { class: "comment-gone" }, "This comment was deleted."));
      return;
    }
    const owns = comment.author !== null && talk.isOwner(comment.author.id);
    const facts = el(
      "p",
      { class: "comment-facts" },
      authorOf(comment),
      owns && el("span", { class: "comment-badge" }, "Owner"),
      talk.pinned === comment.id && el("span", { class: "comment-badge" }, "Pinned"),
      comment.state === "held" && el("span", { class: "comment-badge" }, "Waits for approval"),
      el(
        "time",
        { datetime: comment.created_at, title: new Date(comment.created_at).toLocaleString() },
        ago(comment.created_at),
      ),
      comment.edited_at && el("span", { title: new Date(comment.edited_at).toLocaleString() }, "edited"),
    );
    this.#body.replaceChildren(
      avatar(comment.author ?? { name: "" }),
      facts,
      el("p", { class: "comment-text" }, ...textOf(comment)),
      this.#buttons(),
    );
  }

  #buttons(): HTMLElement {
    const { comment, talk } = this;
    const row = el("div", { class: "comment-buttons" });
    if (comment.state !== "shown") {
      if (talk.isMine(comment)) row.append(this.#deleteButton());
      return row;
    }
    if (talk.user) {
      const like = button("", () => attempt(this.#error, () => this.#like()), "comment-like");
      like.setAttribute("aria-pressed", String(comment.liked));
      like.setAttribute("aria-label", `Like, ${plural(comment.likes, "like")}`);
      like.append(icon("heart"), String(comment.likes || ""));
      row.append(
        like,
        button("Reply", () => this.#reply()),
      );
    } else if (comment.likes)
      row.append(el("span", { class: "comment-likes" }, plural(comment.likes, "like")));
    if (talk.isMine(comment))
      row.append(
        button("Edit", () => this.#edit()),
        this.#deleteButton(),
      );
    if (talk.moderates && !this.thread) row.append(this.#pinButton());
    if (talk.moderates && !talk.isMine(comment))
      row.append(button("Hide", () => attempt(this.#error, () => this.#hide())));
    else if (talk.user && !talk.isMine(comment)) row.append(button("Report", () => this.#report()));
    return row;
  }

  #deleteButton(): HTMLButtonElement {
    let isSure = false;
    const made = button("Delete", () => {
      if (isSure) void attempt(this.#error, () => this.#delete());
      isSure = true;
      made.textContent = "Really delete?";
    });
    return made;
  }

  #pinButton(): HTMLButtonElement {
    const isPinned = this.talk.pinned === this.comment.id;
    return button(isPinned ? "Unpin" : "Pin", () =>
      attempt(this.#error, async () => {
        await changeComments(this.talk.video.id, { pinned: isPinned ? null : this.comment.id });
        this.talk.reload();
      }),
    );
  }

  #reply(): void {
    const key = randomKey();
    const name = this.comment.author?.name;
    this.#write({
      label: `Answer ${name}`,
      action: "Reply",
      text: this.thread && name ? `@${name} ` : "",
      send: async (text) => {
        const { talk, comment } = this;
        const words = { text, mentions: mentionsIn(text, talk.people), parent_id: comment.id };
        const answer = await writeComment(talk.video.id, words, key);
        (this.thread ?? this).#show(answer);
      },
    });
  }

  #edit(): void {
    this.#write({
      label: "Your comment",
      action: "Save",
      text: this.comment.text,
      send: async (text) => {
        const words = { text, mentions: mentionsIn(text, this.talk.people) };
        this.comment = await editComment(this.talk.video.id, this.comment.id, words);
      },
    });
  }

  #report(): void {
    this.#write({
      label: "What is wrong with it?",
      action: "Report",
      text: "",
      longest: LONGEST_REASON,
      send: async (reason) => {
        await reportComment(this.talk.video.id, this.comment.id, reason);
        this.#body.append(el("p", { class: "comment-note", role: "status" }, "Thank you. It is looked at."));
      },
    });
  }

  /** Writes in the place of the buttons; they come back, and the keyboard to its one, when it is sent or given up. */
  #write(options: ComposerOptions): void {
    const row = this.#body.querySelector(".comment-buttons");
    const at = row?.querySelector<HTMLElement>(":focus")?.textContent;
    const goBack = () => {
      this.#draw();
      const buttons = this.#body.querySelectorAll<HTMLElement>(".comment-buttons button");
      [...buttons].find(({ textContent }) => textContent === at)?.focus();
    };
    const form = composer({
      ...options,
      onCancel: goBack,
      send: async (text) => {
        await options.send(text);
        const note = this.#body.querySelector(".comment-note");
        goBack();
        if (note) this.#body.append(note);
      },
    });
    row?.replaceWith(form);
    form.querySelector("textarea")?.focus();
  }

  async #like(): Promise<void> {
    const { comment, talk } = this;
    await likeComment(talk.video.id, comment.id, !comment.liked);
    comment.likes += comment.liked ? -1 : 1;
    comment.liked = !comment.liked;
    this.#draw();
    this.#body.querySelector<HTMLElement>(".comment-like")?.focus();
  }

  async #delete(): Promise<void> {
    await deleteComment(this.talk.video.id, this.comment.id);
    this.talk.reload();
  }

  async #hide(): Promise<void> {
    await decideComment(this.talk.video.id, this.comment.id, "hidden");
    this.talk.reload();
  }

  /** Adds an answer that was written just now. */
  #show(answer: Comment): void {
    this.talk.meet([answer]);
    if (answer.state === "shown") {
      this.comment.replies += 1;
      this.talk.add();
    }
    this.#answers.append(new CommentItem(this.talk, answer, this).element);
    this.#drawMore();
  }

  #drawMore(): void {
    const { replies } = this.comment;
    const left = this.#isOpen ? this.#cursor !== null : replies > this.#answers.childElementCount;
    this.#more.hidden = !left;
    const all = `${replies} ${replies === 1 ? "reply" : "replies"}`;
    this.#more.textContent = this.#isOpen ? "More replies" : all;
  }

  #loadAnswers(): Promise<void> {
    return attempt(this.#error, async () => {
      const page = await listReplies(this.talk.video.id, this.comment.id, this.#cursor);
      if (!this.#isOpen) this.#answers.replaceChildren(); // what was written here comes with the page
      this.#isOpen = true;
      this.#cursor = page.next_cursor;
      this.talk.meet(page.items);
      const known = new Set([...this.#answers.children].map(({ id }) => id));
      const items = page.items.filter(({ id }) => !known.has(`comment-${id}`));
      this.#answers.append(...items.map((item) => new CommentItem(this.talk, item, this).element));
      this.#drawMore();
    });
  }
}

/** Who wrote it, and the way to his channel. */
export function authorOf({ author }: Comment): HTMLElement | null {
  if (!author) return null;
  return el("a", { class: "comment-author", href: channelAddress(author) }, author.name);
}

/** The words of a comment; names that it speaks to stand out, all else is text. */
export function textOf(comment: Comment): (Node | string)[] {
  return pieces(comment.text, comment.mentions).map(({ text, isMention }) =>
    isMention ? el("b", { class: "comment-mention" }, text) : text,
  );
}

function button(label: string, onClick: () => unknown, name = ""): HTMLButtonElement {
  const made = el("button", { type: "button", class: `button quiet small ${name}` }, label);
  made.addEventListener("click", () => void onClick());
  return made;
}
