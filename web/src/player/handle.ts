import type { Video } from "../api/types";
import type { Chapter } from "./chapters";
import type { Level, SoundChoice, TextChoice } from "./engine";
import { AUTO, NO_TEXT } from "./engine";
import type { Player, PlayerState } from "./player";

/**
 * `window.matinee`: the page as seen from a browser console or a test. Every property reads the present moment.
 * It can do nothing that the buttons of the page cannot.
 */
export interface MatineeHandle {
  /** What the page shows: the player, or the reason why there is none. */
  readonly page: PageState;
  /** The last state of the video that the API told, or null. */
  readonly info: Video | null;
  /** The media element, or null while there is no player. */
  readonly video: HTMLVideoElement | null;
  readonly engine: "hls" | "dash" | "native" | null;
  readonly state: PlayerState | null;
  /** `{kind, detail}` of what stopped the player, or null. */
  readonly fault: Player["fault"];
  /** Ascending by bitrate. */
  readonly levels: readonly Level[];
  /** Index of the level on screen, -1 while nothing is. */
  readonly currentLevel: number;
  /** Index of the level chosen in the menu, -1 for automatic. */
  readonly selectedLevel: number;
  /** Estimated bits a second. */
  readonly bandwidth: number | null;
  /** The text tracks of the menu. */
  readonly texts: readonly TextChoice[];
  /** Index of the text track that is shown, -1 for none. */
  readonly selectedText: number;
  /** The sounds of the menu. */
  readonly sounds: readonly SoundChoice[];
  /** Index of the sound that plays, -1 while nobody knows. */
  readonly selectedSound: number;
  readonly chapters: readonly Chapter[];
  /** Plays as soon as there is something to play; rejects if the browser wants a gesture first. */
  play(): Promise<void>;
  /** Chooses a level by index, -1 for automatic. Throws `RangeError` for an unknown one. */
  setLevel(index: number): void;
  /** Shows a text track by index, -1 for none. Throws `RangeError` for an unknown one. */
  setText(index: number): void;
  /** Plays another sound by index. Throws `RangeError` for an unknown one. */
  setSound(index: number): void;
  /** Goes to a position in seconds. */
  seek(seconds: number): void;
}

export type PageState =
  | "loading"
  | "uploading"
  | "processing"
  | "player"
  | "failed"
  | "locked"
  | "not-found"
  | "unreachable";

declare global {
  interface Window {
    matinee?: MatineeHandle;
  }
}

/** The state that a page with a player lets the handle read. */
export interface Watched {
  readonly page: PageState;
  readonly info: Video | null;
  readonly player: Player | null;
}

export function exposeHandle(watched: Watched): void {
  const engine = () => watched.player?.engine ?? null;
  window.matinee = {
    get page() {
      return watched.page;
    },
    get info() {
      return watched.info;
    },
    get video() {
      return watched.player?.video ?? null;
    },
    get engine() {
      return engine()?.kind ?? null;
    },
    get state() {
      return watched.player?.state ?? null;
    },
    get fault() {
      return watched.player?.fault ?? null;
    },
    get levels() {
      return engine()?.levels ?? [];
    },
    get currentLevel() {
      return engine()?.currentLevel ?? -1;
    },
    get selectedLevel() {
      return engine()?.selectedLevel ?? AUTO;
    },
    get bandwidth() {
      return engine()?.bandwidth ?? null;
    },
    get texts() {
      return engine()?.texts ?? [];
    },
    get selectedText() {
      return engine()?.selectedText ?? NO_TEXT;
    },
    get sounds() {
      return engine()?.sounds ?? [];
    },
    get selectedSound() {
      return engine()?.selectedSound ?? -1;
    },
    get chapters() {
      return watched.player?.chapters ?? [];
    },
    play: async () => watched.player?.play(),
    setLevel: (index) => watched.player?.setLevel(index),
    setText: (index) => watched.player?.setText(index),
    setSound: (index) => watched.player?.setSound(index),
    seek: (seconds) => watched.player?.seekTo(seconds),
  };
}
