/** What a player tells of being watched: a view, once it is one, and where a signed-in viewer is. */

const VIEW_SECONDS = 10; // as the server has it; of a shorter video nearly all of it
const NEARLY_ALL = 0.9;
const SAVE_SECONDS = 10;
const LONGEST_STEP = 1.5; // between two events of the media element; more was skipped

export interface Listener {
  onView: (seconds: number) => void;
  onPosition: (seconds: number, isLast: boolean) => void;
}

/** Adds up what was really played. Pure but for whom it tells. */
export class Watching {
  #played = 0;
  #last: number | null = null;
  #saved = 0;
  #viewed = false;

  constructor(
    readonly duration: number,
    readonly listener: Listener,
  ) {}

  /** The player is at `seconds`; call it some times a second while it plays. */
  at(seconds: number): void {
    const step = this.#last === null ? 0 : seconds - this.#last;
    this.#last = seconds;
    if (step <= 0 || step > LONGEST_STEP) return;
    this.#played += step;
    if (!this.#viewed && this.#played >= Math.min(VIEW_SECONDS, this.duration * NEARLY_ALL)) {
      this.#viewed = true;
      this.listener.onView(this.#played);
    }
    if (this.#played - this.#saved >= SAVE_SECONDS) this.#save(false);
  }

  /** The player pauses, ends or is left. */
  stop(): void {
    if (this.#played > this.#saved) this.#save(true);
  }

  #save(isLast: boolean): void {
    this.#saved = this.#played;
    if (this.#last !== null) this.listener.onPosition(this.#last, isLast);
  }
}
