import { isAbort } from "../api/http";
import type { Encoding } from "../api/types";
import { el } from "../ui/dom";
import { blurhashImage } from "./blurhash";
import { CaptionScreen } from "./caption-screen";
import { ceiling } from "./ceiling";
import type { Chapter } from "./chapters";
import { chooseEngine, type EngineChoice } from "./choose-engine";
import { ControlBar } from "./control-bar";
import type { Engine, EngineFault, Level, SoundChoice, Source, TextChoice } from "./engine";
import { AUTO, NO_TEXT } from "./engine";
import { toggleFullscreen } from "./fullscreen";
import { helpSheet } from "./help-sheet";
import { hideWhenIdle } from "./idle";
import { Overlay } from "./overlay";
import { type Command, commandFor, keepsKey } from "./shortcuts";
import { firstSound, rememberedSound, rememberSound } from "./sounds";
import { speedBeside } from "./speeds";
import type { StoryboardSource } from "./storyboard";
import { firstText, rememberedText, rememberText, toggledText } from "./texts";
import { setVolume, toggleMute } from "./volume";

export type PlayerState = "loading" | "ready" | "playing" | "paused" | "buffering" | "ended" | "error";

export interface PlayerOptions {
  engine: EngineChoice;
  /** Seconds into the video. */
  startAt: number;
  autoplay: boolean;
  muted: boolean;
}

const FRAME_S = 1 / 30; // for stepping before the level's own frame rate is known

/**
 * A video with its controls. `element` goes into the page, `load` starts it. Nothing here knows the API except
 * the shape of the encoding progress.
 */
export class Player {
  readonly element: HTMLElement;
  readonly video: HTMLVideoElement;
  #engine: Engine | null = null;
  #fault: EngineFault | null = null;
  #encoding: Encoding | null = null;
  #chapters: readonly Chapter[] = [];
  #duration = 0; // as the API tells it: the first segment is chosen before the media element knows
  #captions: CaptionScreen;
  #controls: ControlBar;
  #overlay: Overlay;
  #help = helpSheet();
  #load: (() => Promise<void>) | null = null;

  constructor(title: string) {
    this.video = el("video", { playsinline: true, preload: "auto", "aria-label": title });
    this.element = el("section", { class: "player", "aria-label": "Video player", tabindex: -1 });
    this.#captions = new CaptionScreen(this.video);
    this.#controls = new ControlBar(this);
    this.#overlay = new Overlay(this);
    const drawn = [this.video, this.#captions.element];
    this.element.append(...drawn, this.#overlay.element, this.#controls.element, this.#help);
    hideWhenIdle(this.element, this.video);
    this.#listen();
  }

  /** Starts playing `source`; may be called again after a fault. */
  async load(source: Omit<Source, "captions">, options: PlayerOptions): Promise<void> {
    if (options.muted) this.video.muted = true;
    let startAt = options.startAt;
    const whole = { ...source, captions: this.#captions };
    this.#load = async () => {
      this.#engine?.destroy();
      this.#fault = null;
      const listener = {
        onLevels: () => this.#refresh(),
        onTexts: () => this.#beginText(),
        onSounds: () => this.#beginSound(),
        onLevelChange: () => this.#refresh(),
        onFault: (fault: EngineFault) => this.#fail(fault),
      };
      this.#engine = await chooseEngine(options.engine, this.video, whole, listener);
      if (!this.#engine) this.#fail({ kind: "unsupported", detail: "no media source extensions" });
      this.#seekOnceKnown(startAt);
      this.#refresh();
    };
    await this.#load();
    if (options.autoplay) await this.#autoplay();
    this.video.addEventListener("timeupdate", () => {
      startAt = this.video.currentTime; // a retry goes on where the picture stopped
    });
  }

  /** Tries again after a fault. */
  async retry(): Promise<void> {
    await this.#load?.();
    await this.play().catch(() => undefined);
  }

  /** What is encoded by now, of how many seconds; automatic quality stays within it. */
  setEncoding(encoding: Encoding | null, duration: number): void {
    this.#encoding = encoding;
    this.#duration = duration;
    this.#applyCeiling();
    this.#overlay.draw();
  }

  /** Where the time line gets its small pictures from. */
  setStoryboard(source: StoryboardSource): void {
    this.#controls.setStoryboard(source);
  }

  /** Painted under the poster until it is there: a BlurHash, in the shape of the video. */
  setPlaceholder(hash: string, aspect: number): void {
    const { style, readyState } = this.video;
    if (style.background || readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) return;
    const image = blurhashImage(hash, aspect);
    if (image) style.background = `${image} center / contain no-repeat`;
    this.video.addEventListener("loadeddata", () => style.removeProperty("background"), { once: true });
  }

  /** What the time line and the menu of chapters show. */
  setChapters(chapters: readonly Chapter[]): void {
    this.#chapters = chapters;
    this.#controls.drawChapters();
  }

  get chapters(): readonly Chapter[] {
    return this.#chapters;
  }

  get state(): PlayerState {
    const { video } = this;
    if (this.#fault) return "error";
    if (video.readyState < HTMLMediaElement.HAVE_METADATA) return "loading";
    if (video.ended) return "ended";
    if (video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA && (!video.paused || video.seeking))
      return "buffering";
    if (!video.paused) return "playing";
    return video.played.length > 0 ? "paused" : "ready";
  }

  get fault(): EngineFault | null {
    return this.#fault;
  }

  get engine(): Engine | null {
    return this.#engine;
  }

  get levels(): readonly Level[] {
    return this.#engine?.levels ?? [];
  }

  get texts(): readonly TextChoice[] {
    return this.#engine?.texts ?? [];
  }

  get sounds(): readonly SoundChoice[] {
    return this.#engine?.sounds ?? [];
  }

  /** True while part of the video is still to be encoded. */
  get isFilling(): boolean {
    return this.#encoding !== null && this.#encoding.state !== "complete";
  }

  setLevel(index: number): void {
    if (index !== AUTO && !this.levels[index]) throw new RangeError(`There is no level ${index}.`);
    this.#engine?.setLevel(index);
  }

  /** Shows a text track, or none by `NO_TEXT`; the next video begins in the same language. */
  setText(index: number): void {
    if (index !== NO_TEXT && !this.texts[index]) throw new RangeError(`There is no text track ${index}.`);
    rememberText(this.texts[index]);
    this.#engine?.setText(index);
    this.#refresh();
  }

  /** Plays another sound; the next video begins in the same language. */
  setSound(index: number): void {
    const sound = this.sounds[index];
    if (!sound) throw new RangeError(`There is no sound ${index}.`);
    rememberSound(sound);
    this.#engine?.setSound(index);
    this.#refresh();
  }

  /** Plays as soon as there is something to play. Rejects if the browser wants a gesture first. */
  async play(): Promise<void> {
    try {
      await this.video.play();
    } catch (error) {
      if (!isAbort(error) || this.video.readyState > HTMLMediaElement.HAVE_NOTHING) throw error;
      // An engine that attaches its source just now interrupts a play asked for before.
      await new Promise((resolve) => this.video.addEventListener("loadedmetadata", resolve, { once: true }));
      await this.video.play();
    }
  }

  togglePlay(): void {
    if (!this.video.paused) this.video.pause();
    else void this.play().catch(() => undefined); // refused by the browser: the big button stays
  }

  seekTo(seconds: number): void {
    const end = Number.isFinite(this.video.duration) ? this.video.duration : 0;
    this.video.currentTime = Math.min(end, Math.max(0, seconds));
  }

  setSpeed(speed: number): void {
    this.video.playbackRate = speed;
  }

  /** Takes the keys of the whole page, except where an element needs them itself. */
  listenToKeys(target: Document): void {
    target.addEventListener("keydown", (event) => {
      if (keepsKey(event.target as Element | null, event.key)) return;
      const command = commandFor(event);
      if (!command) return;
      event.preventDefault();
      this.#perform(command);
    });
  }

  #perform(command: Command): void {
    const { video } = this;
    if (command.name === "toggle-play") this.togglePlay();
    if (command.name === "toggle-mute") toggleMute(video);
    if (command.name === "toggle-captions") this.#toggleCaptions();
    if (command.name === "toggle-fullscreen") toggleFullscreen(this.element, video);
    if (command.name === "toggle-help") this.showHelp();
    if (command.name === "seek-by") this.seekTo(video.currentTime + command.seconds);
    if (command.name === "seek-to-share") this.seekTo(command.share * (video.duration || 0));
    if (command.name === "volume-by") setVolume(video, (video.muted ? 0 : video.volume) + command.amount);
    if (command.name === "step-frames") this.#stepFrames(command.frames);
    if (command.name === "speed-by") this.setSpeed(speedBeside(video.playbackRate, command.steps));
    this.#overlay.flash(command);
  }

  showHelp(): void {
    if (!this.#help.open) this.#help.showModal();
  }

  #beginText(): void {
    const first = firstText(this.texts, rememberedText());
    if (this.#engine && this.#engine.selectedText !== first) this.#engine.setText(first);
    this.#refresh();
  }

  #beginSound(): void {
    const first = firstSound(this.sounds, rememberedSound());
    if (this.#engine && this.#engine.selectedSound !== first) this.#engine.setSound(first);
    this.#refresh();
  }

  #toggleCaptions(): void {
    const engine = this.#engine;
    if (engine && this.texts.length > 0)
      this.setText(toggledText(this.texts, engine.selectedText, rememberedText()));
  }

  #stepFrames(frames: number): void {
    this.video.pause();
    const rate = this.levels[this.#engine?.currentLevel ?? -1]?.frameRate;
    this.seekTo(this.video.currentTime + frames * (rate ? 1 / rate : FRAME_S));
  }

  #seekOnceKnown(seconds: number): void {
    if (seconds <= 0) return;
    this.video.addEventListener("loadedmetadata", () => this.seekTo(seconds), { once: true });
  }

  async #autoplay(): Promise<void> {
    try {
      await this.play();
    } catch {
      // Browsers refuse sound without a gesture, yet mostly allow silence.
      this.video.muted = true;
      await this.play().catch(() => undefined);
    }
  }

  #fail(fault: EngineFault): void {
    this.#fault = fault;
    this.#refresh();
  }

  #listen(): void {
    const events = [
      "loadedmetadata",
      "play",
      "playing",
      "pause",
      "waiting",
      "canplay",
      "seeking",
      "seeked",
      "ended",
    ];
    for (const event of [...events, "ratechange", "emptied"])
      this.video.addEventListener(event, () => this.#refresh());
    this.video.addEventListener("timeupdate", () => this.#applyCeiling());
    new ResizeObserver(() => this.#applyCeiling()).observe(this.video);
  }

  #refresh(): void {
    this.element.dataset.state = this.state;
    this.#controls.draw();
    this.#overlay.draw();
    this.#applyCeiling();
  }

  #applyCeiling(): void {
    const { video } = this;
    const screenHeight = video.clientHeight * devicePixelRatio;
    const highest = ceiling(this.levels, screenHeight, this.#encoding, video.currentTime, this.#duration);
    this.#engine?.setCeiling(highest);
  }
}
