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

/** Leaves HLS to the browser: iPhones without Media Source Extensions. It chooses the quality, and sends no token. */
export class NativeEngine implements Engine {
  readonly kind = "native";
  readonly levels = [];
  readonly currentLevel = -1;
  readonly selectedLevel = AUTO;
  readonly bandwidth = null;
  texts: readonly TextChoice[] = [];
  sounds: readonly SoundChoice[] = [];
  #video: HTMLVideoElement;
  #events = new AbortController();

  constructor(video: HTMLVideoElement, source: Source, listener: EngineListener) {
    this.#video = video;
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
    video.addEventListener("error", () => listener.onFault(faultOf(video.error)), { signal });
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
    video.src = source.hls;
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

  #heard(): NativeSound[] {
    const { audioTracks } = this.#video as unknown as { audioTracks?: ArrayLike<NativeSound> };
    return Array.from(audioTracks ?? []);
  }

  #tracks(): TextTrack[] {
    return [...this.#video.textTracks].filter((track) => ["subtitles", "captions"].includes(track.kind));
  }

  destroy(): void {
    this.#events.abort();
    this.#video.removeAttribute("src");
    this.#video.load();
  }
}

function faultOf(error: MediaError | null) {
  const kind = error?.code === MediaError.MEDIA_ERR_NETWORK ? "network" : "media";
  return { kind, detail: `media error ${error?.code ?? "unknown"} ${error?.message ?? ""}`.trim() } as const;
}
