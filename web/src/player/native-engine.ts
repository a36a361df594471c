import {
  AUTO,
  type Engine,
  type EngineListener,
  type SoundChoice,
  type Source,
  type TextChoice,
} from "./engine";

/** What Safari has and TypeScript's DOM does not know. */
interface NativeSound {
  readonly label: string;
  readonly language: string;
  enabled: boolean;
}

const RENEW_AT = 0.9; // of the time that an address holds
const RECOVERY_PAUSE_MS = 10_000;

/**
 * Leaves HLS to the browser: iPhones without Media Source Extensions. It chooses the quality, and can send no header,
 * so that what opens the video stands in its address. Before that ends the video is loaded anew where it stands.
 */
export class NativeEngine implements Engine {
  readonly kind = "native";
  readonly levels = [];
  readonly currentLevel = -1;
  readonly selectedLevel = AUTO;
  readonly bandwidth = null;
  texts: readonly TextChoice[] = [];
  sounds: readonly SoundChoice[] = [];
  #video: HTMLVideoElement;
  #source: Source;
  #listener: EngineListener;
  #events = new AbortController();
  #openedAt = 0;
  #renewal = 0;

  constructor(video: HTMLVideoElement, source: Source, listener: EngineListener) {
    this.#video = video;
    this.#source = source;
    this.#listener = listener;
    const { signal } = this.#events;
    const takeSounds = () => {
      this.sounds = this.#heard().map(({ label, language, enabled }, index) => ({
        index,
        name: label,
        language: language === "und" ? "" : language,
        default: enabled,
      }));
      if (this.sounds.length > 0) listener.onSounds();
    };
    video.addEventListener("loadedmetadata", takeSounds, { signal });
    video.addEventListener("loadedmetadata", () => listener.onLevels(), { signal });
    video.addEventListener("error", () => this.#recover(), { signal });
    const takeTexts = () => {
      this.texts = this.#tracks().map((track, index) => ({
        index,
        name: track.label,
        language: track.language,
        captions: track.kind === "captions",
        default: false,
        forced: false,
      }));
      listener.onTexts();
    };
    for (const event of ["addtrack", "removetrack"])
      video.textTracks.addEventListener(event, takeTexts, { signal });
    void this.#open();
  }

  static isSupported(video: HTMLVideoElement): boolean {
    return video.canPlayType("application/vnd.apple.mpegurl") !== "";
  }

  get selectedText(): number {
    return this.#tracks().findIndex((track) => track.mode === "showing");
  }

  /** The browser draws them itself, over a full screen that is its own too. */
  setText(index: number): void {
    for (const [at, track] of this.#tracks().entries()) track.mode = at === index ? "showing" : "disabled";
  }

  get selectedSound(): number {
    return this.#heard().findIndex((sound) => sound.enabled);
  }

  setSound(index: number): void {
    for (const [at, sound] of this.#heard().entries()) sound.enabled = at === index;
  }

  setLevel(): void {}

  setCeiling(): void {}

  async #open(): Promise<void> {
    const { signal } = this.#events;
    this.#openedAt = performance.now();
    try {
      const { hls, seconds } = await this.#source.carried();
      if (signal.aborted) return;
      this.#load(hls);
      clearTimeout(this.#renewal);
      if (Number.isFinite(seconds))
        this.#renewal = window.setTimeout(() => this.#renew(), seconds * RENEW_AT * 1000);
    } catch (error) {
      if (!signal.aborted) this.#listener.onFault({ kind: "network", detail: String(error) });
    }
  }

  /** Goes on where the picture stands. */
  #load(hls: string): void {
    const video = this.#video;
    const { currentTime, paused, playbackRate } = video;
    const isFirst = !video.hasAttribute("src");
    video.src = hls;
    if (isFirst) return;
    const goOn = () => {
      video.currentTime = currentTime;
      video.playbackRate = playbackRate;
      if (!paused) void video.play().catch(() => undefined);
    };
    video.addEventListener("loadedmetadata", goOn, { once: true, signal: this.#events.signal });
  }

  /** Who has paused is not disturbed. */
  #renew(): void {
    const { signal } = this.#events;
    if (!this.#video.paused) void this.#open();
    else this.#video.addEventListener("play", () => void this.#open(), { once: true, signal });
  }

  /** A telephone that slept has missed the renewal. */
  #recover(): void {
    if (performance.now() - this.#openedAt > RECOVERY_PAUSE_MS) void this.#open();
    else this.#listener.onFault(faultOf(this.#video.error));
  }

  #heard(): NativeSound[] {
    const { audioTracks } = this.#video as unknown as { audioTracks?: ArrayLike<NativeSound> };
    return Array.from(audioTracks ?? []);
  }

  #tracks(): TextTrack[] {
    return [...this.#video.textTracks].filter((track) => ["subtitles", "captions"].includes(track.kind));
  }

  destroy(): void {
    this.#events.abort();
    clearTimeout(this.#renewal);
    this.#video.removeAttribute("src");
    this.#video.load();
  }
}

function faultOf(error: MediaError | null) {
  const kind = error?.code === MediaError.MEDIA_ERR_NETWORK ? "network" : "media";
  return { kind, detail: `media error ${error?.code ?? "unknown"} ${error?.message ?? ""}`.trim() } as const;
}
