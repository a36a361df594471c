/** What the player needs of a streaming engine; hls.js, shaka-player and the browser itself are behind it. */

export interface Level {
  index: number;
  /** What the quality menu says, such as `720p` or `1080p60`. */
  label: string;
  width: number;
  height: number;
  /** Peak bits a second, as the manifest declares. */
  bitrate: number;
  frameRate: number;
  codecs: string;
}

/** A text track that the viewer may choose. */
export interface TextChoice {
  index: number;
  /** As the manifest names it; the language's tag where nobody named it. */
  name: string;
  /** BCP 47, or empty while nobody knows. */
  language: string;
  /** Whether it tells sounds too, for those who cannot hear. */
  captions: boolean;
  default: boolean;
  forced: boolean;
}

/** A sound that the viewer may choose. */
export interface SoundChoice {
  index: number;
  /** As the manifest names it; the language's tag where nobody named it. */
  name: string;
  /** BCP 47, or empty while nobody knows. */
  language: string;
  default: boolean;
}

/** Where text is drawn. */
export interface TextScreen {
  /** For an engine that draws by itself. */
  readonly element: HTMLElement;
  /** Shows these cues at their times, and no others. */
  show(cues: Iterable<VTTCue>): void;
}

export interface Source {
  hls: string;
  /** Null where the segments are encrypted in a way that DASH does not know. */
  dash: string | null;
  captions: TextScreen;
  /** Returns the value of the Authorization header, or null to send none. Called for every request. */
  authorize: (() => Promise<string | null>) | null;
  /** Gives an address anew before it is asked for: a token in it may have been renewed. */
  readdress: (address: string) => string;
  /** Where a player that can send no header finds the HLS playlist, and for how many seconds from now. */
  carried: () => Promise<{ hls: string; seconds: number }>;
}

export interface EngineListener {
  /** The manifest is known: `engine.levels` is complete. */
  onLevels(): void;
  /** `engine.texts` is complete. */
  onTexts(): void;
  /** `engine.sounds` is complete. */
  onSounds(): void;
  /** Another level is now on screen, or another one was chosen. */
  onLevelChange(): void;
  /** Playback cannot go on. `detail` is for a bug report. */
  onFault(fault: EngineFault): void;
}

export interface EngineFault {
  kind: "network" | "media" | "unsupported";
  detail: string;
}

/** The browser's own decryption, where it has the server's keys. */
export const CLEARKEY = "org.w3.clearkey";

/** Where it asks for them: beside the playlist or manifest. */
export function licenceAddress(manifest: string): string {
  return new URL("licence", new URL(manifest, location.href)).href;
}

export const AUTO = -1;
export const NO_TEXT = -1;

export interface Engine {
  readonly kind: "hls" | "dash" | "native";
  /** Ascending by bitrate; empty where the browser decides by itself. */
  readonly levels: readonly Level[];
  /** The level on screen, or -1 while nothing is. */
  readonly currentLevel: number;
  /** The level asked for, or `AUTO`. */
  readonly selectedLevel: number;
  /** Estimated bits a second, or null while unknown. */
  readonly bandwidth: number | null;
  setLevel(index: number): void;
  /** The highest level that `AUTO` may take, or null for any. */
  setCeiling(index: number | null): void;
  /** Empty where there is none, or none yet. */
  readonly texts: readonly TextChoice[];
  /** The text track that was chosen, or `NO_TEXT`. */
  readonly selectedText: number;
  setText(index: number): void;
  /** Empty where there is none, or none yet. */
  readonly sounds: readonly SoundChoice[];
  /** The sound that plays, or -1 while nobody knows. */
  readonly selectedSound: number;
  setSound(index: number): void;
  destroy(): void;
}

/** Names each level by its size, and by its codec where there is more than one. */
export function labelled<T extends Omit<Level, "label">>(levels: readonly T[]): (T & Level)[] {
  const several = new Set(levels.map(({ codecs }) => codecName(codecs))).size > 1;
  return levels.map((level) => {
    const size = levelLabel(level.width, level.height, level.frameRate, level.bitrate);
    return { ...level, label: several ? `${size} ${codecName(level.codecs)}`.trim() : size };
  });
}

/** What people call the codec of a picture, by its RFC 6381 name; empty for sound. */
export function codecName(codecs: string): string {
  if (/^avc[13]\./.test(codecs)) return "H.264";
  if (/^av01\./.test(codecs)) return "AV1";
  return /^(hvc1|hev1)\./.test(codecs) ? "HEVC" : "";
}

/** `1080p`, `720p60`: named by the shorter side, as people name portrait video too; bitrate where there is no picture. */
export function levelLabel(width: number, height: number, frameRate: number, bitrate: number): string {
  if (!width || !height) return `${Math.round(bitrate / 1000)} kbit/s`;
  return `${Math.min(width, height)}p${frameRate > 31 ? Math.round(frameRate) : ""}`;
}
