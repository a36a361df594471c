import { el, setAttributes } from "../ui/dom";
import { clock, spokenTime } from "../ui/words";
import { type Chapter, chapterAt } from "./chapters";
import { type StoryboardSource, TileView } from "./storyboard";

/** The line of time under the picture: what is played, what is buffered, and a place to seek with pointer or keys. */
export class Timeline {
  readonly element: HTMLElement;
  readonly #buffered = el("div", { class: "timeline-buffered" });
  readonly #played = el("div", { class: "timeline-played" });
  readonly #marks = el("div", { class: "timeline-marks", "aria-hidden": "true" });
  readonly #thumb = el("div", { class: "timeline-thumb" });
  readonly #tip = el("div", { class: "timeline-tip", "aria-hidden": "true" });
  readonly #tile = new TileView();
  readonly #video: HTMLVideoElement;
  #chapters: readonly Chapter[] = [];
  #dragging = false;
  #wasPlaying = false;

  constructor(video: HTMLVideoElement) {
    this.#video = video;
    const track = el("div", { class: "timeline-track" }, this.#buffered, this.#played, this.#marks);
    const attributes = {
      class: "timeline",
      role: "slider",
      tabindex: 0,
      "aria-label": "Position",
      "aria-valuemin": 0,
    };
    this.element = el("div", attributes, track, this.#thumb, this.#tile.element, this.#tip);
    this.#listenToPointer();
    for (const event of ["timeupdate", "durationchange", "progress", "seeking", "seeked", "emptied"]) {
      video.addEventListener(event, () => this.#draw());
    }
    video.addEventListener("durationchange", () => this.#drawMarks());
    this.#draw();
  }

  setStoryboard(source: StoryboardSource): void {
    this.#tile.setSource(source);
  }

  setChapters(chapters: readonly Chapter[]): void {
    this.#chapters = chapters;
    this.#drawMarks();
    this.#draw();
  }

  #draw(): void {
    const { currentTime, duration } = this.#video;
    const length = Number.isFinite(duration) ? duration : 0;
    const share = length ? Math.min(1, currentTime / length) : 0;
    this.#played.style.width = percent(share);
    this.#thumb.style.left = percent(share);
    setAttributes(this.element, {
      "aria-valuemax": Math.round(length),
      "aria-valuenow": Math.round(currentTime),
      "aria-valuetext": [`${spokenTime(currentTime)} of ${spokenTime(length)}`, this.#titleAt(currentTime)]
        .filter(Boolean)
        .join(", "),
    });
    this.#drawBuffered(length);
  }

  /** A gap in the line where a chapter begins. */
  #drawMarks(): void {
    const { duration } = this.#video;
    const within = this.#chapters.filter(({ start }) => start > 0 && start < duration);
    const marks = within.map(({ start }) => {
      const mark = el("span");
      mark.style.left = percent(start / duration);
      return mark;
    });
    this.#marks.replaceChildren(...marks);
  }

  #titleAt(seconds: number): string {
    return this.#chapters[chapterAt(this.#chapters, seconds)]?.title ?? "";
  }

  #drawBuffered(length: number): void {
    const { buffered } = this.#video;
    const bars = this.#buffered.children;
    while (bars.length > buffered.length) bars[0]?.remove();
    while (bars.length < buffered.length) this.#buffered.append(el("span"));
    for (let index = 0; index < buffered.length && length; index++) {
      const bar = bars[index] as HTMLElement;
      bar.style.left = percent(buffered.start(index) / length);
      bar.style.width = percent((buffered.end(index) - buffered.start(index)) / length);
    }
  }

  #listenToPointer(): void {
    const { element } = this;
    element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !this.#video.duration) return;
      element.setPointerCapture(event.pointerId);
      this.#dragging = true;
      this.#wasPlaying = !this.#video.paused;
      this.#video.pause(); // or the picture runs on under the finger
      this.#seekTo(event);
    });
    element.addEventListener("pointermove", (event) => {
      this.#showTip(event);
      if (this.#dragging) this.#seekTo(event);
    });
    const release = () => {
      if (this.#dragging && this.#wasPlaying) void this.#video.play().catch(() => undefined);
      this.#dragging = false;
    };
    element.addEventListener("pointerup", release);
    element.addEventListener("pointercancel", release);
  }

  #seekTo(event: PointerEvent): void {
    this.#video.currentTime = this.#shareAt(event) * this.#video.duration;
    this.#draw();
  }

  #showTip(event: PointerEvent): void {
    const share = this.#shareAt(event);
    const seconds = share * (this.#video.duration || 0);
    this.#tip.textContent = [clock(seconds), this.#titleAt(seconds)].filter(Boolean).join(" · ");
    this.#tile.show(seconds);
    for (const shown of [this.#tip, this.#tile.element]) {
      // as near to the pointer as it can be without leaving the picture
      const half = shown.offsetWidth / 2 / Math.max(1, this.element.clientWidth);
      shown.style.left = percent(Math.min(1 - half, Math.max(half, share)));
    }
  }

  #shareAt(event: PointerEvent): number {
    const box = this.element.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  }
}

const percent = (share: number): string => `${(share * 100).toFixed(3)}%`;
