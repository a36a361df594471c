import shaka from "shaka-player/dist/shaka-player.dash-es2021.js";
import {
  AUTO,
  CLEARKEY,
  type Engine,
  type EngineListener,
  type Level,
  labelled,
  licenceAddress,
  NO_TEXT,
  type SoundChoice,
  type Source,
  type TextChoice,
} from "./engine";

// See CELL_POLICY of the HLS engine.
const RETRY = { maxAttempts: 20, baseDelay: 1000, backoffFactor: 1.3, fuzzFactor: 0.3, timeout: 60_000 };

/** Plays `manifest` in `video`. Loaded only where it is asked for. */
export class DashEngine implements Engine {
  readonly kind = "dash";
  levels: readonly Level[] = [];
  texts: readonly TextChoice[] = [];
  sounds: readonly SoundChoice[] = [];
  #player = new shaka.Player();
  #listener: EngineListener;
  #selected = AUTO;
  #selectedText = NO_TEXT;
  #ceiling: number | null = null;

  constructor(video: HTMLVideoElement, source: Source, manifest: string, listener: EngineListener) {
    this.#listener = listener;
    void this.#load(video, source, manifest);
  }

  get currentLevel(): number {
    const active = this.#player.getVariantTracks().find((track) => track.active);
    return active ? this.#indexOf(active) : -1;
  }

  get selectedLevel(): number {
    return this.#selected;
  }

  get bandwidth(): number | null {
    return this.#player.getStats()?.estimatedBandwidth || null;
  }

  setLevel(index: number): void {
    this.#selected = index;
    this.#player.configure("abr.enabled", index === AUTO);
    const variants = this.#player.getVariantTracks();
    const heard = variants.find((track) => track.active)?.audioId;
    const fit = variants.filter((candidate) => this.#indexOf(candidate) === index);
    const track = fit.find((candidate) => candidate.audioId === heard) ?? fit[0];
    // Keep one cell of what is buffered, so that the picture does not stop.
    if (track) this.#player.selectVariantTrack(track, true, 4);
    this.#listener.onLevelChange();
  }

  setCeiling(index: number | null): void {
    if (this.#ceiling === index) return;
    this.#ceiling = index;
    const highest = index === null ? undefined : this.levels[index];
    this.#player.configure("abr.restrictions.maxHeight", highest?.height ?? Number.POSITIVE_INFINITY);
  }

  get selectedText(): number {
    return this.#selectedText;
  }

  setText(index: number): void {
    this.#selectedText = index;
    this.#player.selectTextTrack(this.#player.getTextTracks()[index] ?? null);
  }

  get selectedSound(): number {
    return this.#stereo().findIndex((track) => track.active);
  }

  setSound(index: number): void {
    const track = this.#stereo()[index];
    if (track) this.#player.selectAudioTrack(track, 4);
  }

  /** Of each sound the one that every machine plays. */
  #stereo(): shaka.extern.AudioTrack[] {
    return this.#player.getAudioTracks().filter((track) => (track.channelsCount ?? 2) <= 2);
  }

  destroy(): void {
    void this.#player.destroy();
  }

  async #load(video: HTMLVideoElement, source: Source, manifest: string): Promise<void> {
    const player = this.#player;
    player.configure({
      manifest: { retryParameters: RETRY },
      drm: { servers: { [CLEARKEY]: licenceAddress(manifest) } },
      preferredAudio: [
        { channelCount: 2, codec: "", label: "", language: "", role: "", spatialAudio: false },
      ],
      streaming: { retryParameters: RETRY, bufferingGoal: 30, bufferBehind: 60 },
      abr: { defaultBandwidthEstimate: 500_000 }, // starts low: the ceiling is not in force before the tracks are known
    });
    authorizeRequests(player, source);
    player.addEventListener("error", (event) =>
      this.#fail((event as unknown as { detail: shaka.util.Error }).detail),
    );
    player.addEventListener("adaptation", () => this.#listener.onLevelChange());
    player.addEventListener("variantchanged", () => this.#listener.onLevelChange());
    player.setVideoContainer(source.captions.element); // it draws there
    try {
      await player.attach(video);
      await player.load(manifest);
      this.#takeLevels();
      this.#takeTexts();
      this.#takeSounds();
    } catch (error) {
      this.#fail(error);
    }
  }

  #takeLevels(): void {
    const byHeight = new Map<number, shaka.extern.Track>();
    for (const track of this.#player.getVariantTracks()) byHeight.set(track.videoId ?? track.id, track);
    const tracks = [...byHeight.values()].sort((a, b) => a.bandwidth - b.bandwidth);
    const levels = tracks.map((track, index) => ({
      index,
      width: track.width ?? 0,
      height: track.height ?? 0,
      bitrate: track.bandwidth,
      frameRate: track.frameRate ?? 0,
      codecs: track.codecs ?? "",
    }));
    this.levels = labelled(levels);
    this.#listener.onLevels();
  }

  #takeTexts(): void {
    this.texts = this.#player.getTextTracks().map((track, index) => ({
      index,
      name: track.label ?? track.language,
      language: track.language === "und" ? "" : track.language,
      captions: track.roles.includes("caption"),
      default: track.primary,
      forced: track.forced,
    }));
    this.#listener.onTexts();
  }

  #takeSounds(): void {
    this.sounds = this.#stereo().map((track, index) => ({
      index,
      name: track.label ?? track.language,
      language: track.language === "und" ? "" : track.language,
      default: track.primary,
    }));
    if (this.sounds.length > 0) this.#listener.onSounds();
  }

  #indexOf(track: shaka.extern.Track): number {
    return this.levels.findIndex((level) => level.width === track.width && level.height === track.height);
  }

  #fail(error: unknown): void {
    if (!(error instanceof shaka.util.Error)) {
      this.#listener.onFault({ kind: "media", detail: String(error) });
      return;
    }
    if (error.severity === shaka.util.Error.Severity.RECOVERABLE) return;
    if (error.code === shaka.util.Error.Code.LOAD_INTERRUPTED) return;
    const kind = error.category === shaka.util.Error.Category.NETWORK ? "network" : "media";
    this.#listener.onFault({ kind, detail: `shaka ${error.code}` });
  }
}

function authorizeRequests(player: shaka.Player, source: Source): void {
  const { authorize, readdress } = source;
  player.getNetworkingEngine()?.registerRequestFilter(async (_type, request) => {
    const ours = request.uris.every((uri) => new URL(uri, location.href).origin === location.origin);
    request.uris = request.uris.map(readdress);
    const value = authorize && ours ? await authorize() : null;
    if (value) request.headers.Authorization = value;
  });
}
