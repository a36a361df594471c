import type { Comment, User, Video } from "../api/types";
import { isOurs } from "../api/videos";
import type { Named } from "./mentions";

/** What all comments of a page share: the video, who looks at them, who takes part. */
export class Talk {
  user: User | null = null;
  pinned: string | null = null;
  readonly #people = new Map<string, Named>();

  constructor(
    readonly video: Video,
    /** Reads everything anew. */
    readonly reload: () => void,
    /** Counts one more. */
    readonly add: () => void,
  ) {
    this.#people.set(video.owner.id, video.owner);
  }

  get moderates(): boolean {
    return this.user !== null && isOurs(this.video);
  }

  /** Those who may be mentioned, as far as they have been seen here. */
  get people(): readonly Named[] {
    return [...this.#people.values()];
  }

  isOwner(id: string): boolean {
    return id === this.video.owner.id;
  }

  isMine(comment: Comment): boolean {
    return this.user !== null && comment.author?.id === this.user.id;
  }

  meet(comments: readonly Comment[]): void {
    for (const { author } of comments) if (author) this.#people.set(author.id, author);
  }
}
