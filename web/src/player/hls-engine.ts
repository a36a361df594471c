import Hls, {
  type CuesParsedData,
  type ErrorData,
  ErrorTypes,
  Events,
  type HlsConfig,
  type LoadPolicy,
} from "hls.js";
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
  type TextScreen,
} from "./engine";
import { keepSeeking } from "./keep-seeking";

// The server holds a request for a cell that is being encoded, then answers 503: be patient, and come back.
const CELL_POLICY: LoadPolicy = {
  default: {
    maxTimeToFirstByteMs: 40_000,
    maxLoadTimeMs: 120_000,
    timeoutRetry: { maxNumRetry: 4, retryDelayMs: 500, maxRetryDelayMs: 4000 },
    errorRetry: { maxNumRetry: 20, retryDelayMs: 1000, maxRetryDelayMs: 4000 },
  },
};

// Seconds. A cell that is put over one which was cut elsewhere takes a few pictures before it along, those that need what
// it covers. Browsers play over two pictures; hls.js would leave a tenth of a second, and playback would stand there.
const MAX_HOLE = 0.04;

const RECOVERY_PAUSE_MS = 5_000; // a second decoder failure within this time is not an accident

export const hlsIsSupported = (): boolean => Hls.isSupported();

/** Plays `source.hls` in `video` by Media Source Extensions. */
export class HlsEngine implements Engine {
  readonly kind = "hls";
  levels: readonly Level[] = [];
  texts: readonly TextChoice[] = [];
  sounds: readonly SoundChoice[] = [];
  #hls: Hls;
  #listener: EngineListener;
  #selected = AUTO;
  #selectedText = NO_TEXT;
  #screen: TextScreen;
  /** By text track and by what it says when, for a cue comes with each segment that it touches. */
  #cues = new Map<number, Map<string, VTTCue>>();
  #shown = -1;
  #recoveredAt = Number.NEGATIVE_INFINITY;
  #flushIsDue = false;
  #endSeeking: () => void;
  #endSwitching: () => void;

  constructor(video: HTMLVideoElement, source: Source, listener: EngineListener) {
    this.#listener = listener;
    this.#screen = source.captions;
    this.#hls = new Hls(configuration(source));
    this.#hls.on(Events.MANIFEST_PARSED, () => this.#takeLevels());
    this.#hls.on(Events.AUDIO_TRACKS_UPDATED, () => this.#takeSounds());
    this.#hls.on(Events.SUBTITLE_TRACKS_UPDATED, () => this.#takeTexts());
    this.#hls.on(Events.CUES_PARSED, (_event, data) => this.#takeCues(data));
    this.#hls.on(Events.LEVEL_SWITCHED, (_event, { level }) => {
      this.#shown = level;
      listener.onLevelChange();
    });
    this.#hls.on(Events.ERROR, (_event, data) => this.#onError(data));
    this.#hls.on(Events.BUFFER_FLUSHING, (_event, { type, endOffset }) => {
      if (type !== "audio" && endOffset === Number.POSITIVE_INFINITY) this.#flushIsDue = false;
    });
    this.#endSeeking = keepSeeking(video);
    const look = () => video.seeking || this.#switchAgain();
    video.addEventListener("timeupdate", look);
    this.#endSwitching = () => video.removeEventListener("timeupdate", look);
    this.#hls.loadSource(source.hls);
    this.#hls.attachMedia(video);
  }

  get currentLevel(): number {
    return this.#shown;
  }

  get selectedLevel(): number {
    return this.#selected;
  }

  get bandwidth(): number | null {
    return this.#hls.bandwidthEstimate || null;
  }

  setLevel(index: number): void {
    this.#selected = index;
    const hls = this.#hls;
    // What is buffered of another level is thrown away, from the next segment on: what is on screen plays out. Where
    // all of it is of this level that would be for nothing, and a seek meanwhile might wait for ever.
    this.#flushIsDue = !(this.#shown === index && hls.nextLevel === index && hls.loadLevel === index);
    if (this.#flushIsDue) hls.nextLevel = index;
    else hls.loadLevel = index;
    this.#listener.onLevelChange();
  }

  /**
   * Asks once more for the level that is selected. hls.js throws nothing away where it knows no segment at the moment
   * when the next one could be there, and to it there are some hundredths of a second between two that have B-frames:
   * the level would come behind all that is buffered.
   */
  #switchAgain(): void {
    if (!this.#flushIsDue) return;
    if (this.#hls.nextLevel === this.#hls.nextLoadLevel) this.#flushIsDue = false;
    else this.#hls.nextLevel = this.#selected;
  }

  setCeiling(index: number | null): void {
    const capping = index ?? AUTO;
    if (this.#hls.autoLevelCapping !== capping) this.#hls.autoLevelCapping = capping;
  }

  get selectedText(): number {
    return this.#selectedText;
  }

  setText(index: number): void {
    this.#selectedText = index;
    this.#hls.subtitleTrack = index;
    this.#showCues();
  }

  get selectedSound(): number {
    return this.#hls.audioTrack;
  }

  setSound(index: number): void {
    this.#hls.audioTrack = index;
  }

  destroy(): void {
    this.#endSeeking();
    this.#endSwitching();
    this.#screen.show([]);
    this.#hls.destroy();
  }

  #takeCues({ cues, subtitleTrack }: CuesParsedData): void {
    if (!subtitleTrack) return;
    const known = this.#cues.get(subtitleTrack.id) ?? new Map<string, VTTCue>();
    this.#cues.set(subtitleTrack.id, known);
    for (const cue of cues as VTTCue[]) {
      const key = `${cue.startTime} ${cue.endTime} ${cue.text}`;
      if (!known.has(key)) known.set(key, cue);
    }
    this.#showCues();
  }

  #showCues(): void {
    this.#screen.show(this.#cues.get(this.#selectedText)?.values() ?? []);
  }

  #takeSounds(): void {
    if (this.sounds.length > 0) return; // every variant that is left has the same
    this.sounds = this.#hls.audioTracks.map((track, index) => ({
      index,
      name: track.name,
      language: track.lang ?? "",
      default: track.default,
    }));
    if (this.sounds.length > 0) this.#listener.onSounds();
  }

  /** Drops the variants with more than stereo: automatic quality would go from one number of channels to the other. */
  #keepStereo(): void {
    const surround = this.#hls.levels.flatMap((level, index) =>
      level.hasAudioGroup("surround") ? [index] : [],
    );
    if (surround.length === this.#hls.levels.length) return;
    for (const index of surround.reverse()) this.#hls.removeLevel(index);
  }

  #takeTexts(): void {
    if (this.texts.length > 0) return; // every variant has the same
    this.texts = this.#hls.subtitleTracks.map((track, index) => ({
      index,
      name: track.name,
      language: track.lang ?? "",
      captions: Boolean(track.characteristics),
      default: track.default,
      forced: track.forced,
    }));
    this.#listener.onTexts();
  }

  #takeLevels(): void {
    this.#keepStereo();
    const levels = this.#hls.levels.map((level, index) => ({
      index,
      width: level.width,
      height: level.height,
      bitrate: level.bitrate,
      frameRate: level.frameRate,
      codecs: [level.videoCodec, level.audioCodec].filter(Boolean).join(","),
    }));
    this.levels = labelled(levels);
    this.#listener.onLevels();
  }

  #onError(data: ErrorData): void {
    if (!data.fatal) return;
    const now = performance.now();
    if (data.type === ErrorTypes.MEDIA_ERROR && now - this.#recoveredAt > RECOVERY_PAUSE_MS) {
      this.#recoveredAt = now;
      this.#hls.recoverMediaError();
      return;
    }
    const kind = data.type === ErrorTypes.NETWORK_ERROR ? "network" : "media";
    const status = data.response?.code ? ` (${data.response.code})` : "";
    this.#listener.onFault({ kind, detail: `${data.details}${status}` });
  }
}

function configuration(source: Source): Partial<HlsConfig> {
  const { authorize, readdress } = source;
  const open = async (request: XMLHttpRequest, method: string, url: string) => {
    const value = authorize && isOurs(url) ? await authorize() : null;
    request.open(method, readdress(url), true);
    if (value) request.setRequestHeader("Authorization", value);
  };
  return {
    enableWorker: false, // CMAF needs no transmuxing; a worker would need `worker-src blob:`
    startLevel: AUTO,
    testBandwidth: false,
    renderTextTracksNatively: false, // it would make its tracks of `data:`, which the page's policy forbids
    abrEwmaDefaultEstimate: 3_000_000,
    maxBufferLength: 30,
    backBufferLength: 60,
    maxBufferHole: MAX_HOLE,
    fragLoadPolicy: CELL_POLICY,
    emeEnabled: true,
    drmSystems: { [CLEARKEY]: { licenseUrl: licenceAddress(source.hls) } },
    xhrSetup: (request: XMLHttpRequest, url: string) => open(request, "GET", url),
    licenseXhrSetup: (request: XMLHttpRequest, url: string) => open(request, "POST", url),
  };
}

/** The token is for this server alone. */
function isOurs(url: string): boolean {
  return new URL(url, location.href).origin === location.origin;
}
