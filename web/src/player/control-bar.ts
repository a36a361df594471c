import { el, setAttributes } from "../ui/dom";
import { type IconName, icon } from "../ui/icons";
import { clock } from "../ui/words";
import { chapterAt } from "./chapters";
import { AUTO, NO_TEXT } from "./engine";
import { toggleFullscreen } from "./fullscreen";
import { ChoiceMenu } from "./menu";
import type { Player } from "./player";
import { soundLabel } from "./sounds";
import { SPEEDS } from "./speeds";
import type { StoryboardSource } from "./storyboard";
import { textLabel } from "./texts";
import { Timeline } from "./timeline";
import { volumeControl } from "./volume";

/** The bar along the lower edge of the player. */
export class ControlBar {
  readonly element: HTMLElement;
  readonly #player: Player;
  readonly #play = control("play", "play", "Play (k)");
  readonly #position = el("span");
  readonly #length = el("span", { class: "player-length" });
  readonly #timeline: Timeline;
  readonly #chapters: ChoiceMenu;
  readonly #captions: ChoiceMenu;
  readonly #sounds: ChoiceMenu;
  readonly #quality: ChoiceMenu;
  readonly #speed: ChoiceMenu;
  readonly #fullscreen = control("fullscreen", "fullscreen", "Full screen (f)");
  readonly #pip = control("pip", "pip", "Picture in picture");

  constructor(player: Player) {
    this.#player = player;
    const { video } = player;
    this.#timeline = new Timeline(video);
    this.#chapters = new ChoiceMenu("Chapters", "chapters", (at) => this.#seekToChapter(at), "chapters");
    this.#captions = new ChoiceMenu("Captions", "captions", (index) => player.setText(index), "captions");
    this.#sounds = new ChoiceMenu("Audio", "sounds", (index) => player.setSound(index), "sounds");
    this.#quality = new ChoiceMenu("Quality", "quality", (value) => player.setLevel(value));
    this.#speed = new ChoiceMenu("Speed", "speed", (value) => player.setSpeed(value));
    const help = control("help", "help", "Keyboard shortcuts (?)");
    const time = el("div", { class: "player-time" }, this.#position, this.#length);
    const left = el("div", { class: "control-group" }, this.#play, volumeControl(video), time);
    const right = el(
      "div",
      { class: "control-group" },
      this.#chapters.element,
      this.#captions.element,
      this.#sounds.element,
      this.#speed.element,
      this.#quality.element,
      help,
      document.pictureInPictureEnabled ? this.#pip : null,
      this.#fullscreen,
    );
    const row = el("div", { class: "control-row" }, left, right);
    this.element = el("div", { class: "player-controls" }, this.#timeline.element, row);

    this.#play.addEventListener("click", () => player.togglePlay());
    help.addEventListener("click", () => player.showHelp());
    this.#fullscreen.addEventListener("click", () => toggleFullscreen(player.element, video));
    this.#pip.addEventListener("click", () => void togglePictureInPicture(video));
    document.addEventListener("fullscreenchange", () => this.draw());
    for (const event of ["timeupdate", "durationchange"])
      video.addEventListener(event, () => this.#drawTime());
    this.#drawTime();
  }

  setStoryboard(source: StoryboardSource): void {
    this.#timeline.setStoryboard(source);
  }

  /** Shows the player's chapters. */
  drawChapters(): void {
    this.#timeline.setChapters(this.#player.chapters);
    this.#drawChapters();
  }

  draw(): void {
    const { video } = this.#player;
    if (video.ended) setControl(this.#play, "replay", "Play again (k)");
    else if (video.paused) setControl(this.#play, "play", "Play (k)");
    else setControl(this.#play, "pause", "Pause (k)");
    const full = document.fullscreenElement !== null;
    setControl(
      this.#fullscreen,
      full ? "windowed" : "fullscreen",
      full ? "Leave full screen (f)" : "Full screen (f)",
    );
    this.#drawMenus();
  }

  #drawMenus(): void {
    const { engine, levels, video } = this.#player;
    const shown = levels[engine?.currentLevel ?? -1];
    const selected = engine?.selectedLevel ?? AUTO;
    const choices = levels.map((level) => ({
      value: level.index,
      label: level.label,
      note: level.height ? megabits(level.bitrate) : "",
    }));
    const auto = { value: AUTO, label: "Auto", note: selected === AUTO && shown ? shown.label : "" };
    const text = selected === AUTO ? "Auto" : (levels[selected]?.label ?? "Auto");
    this.#quality.update([...choices.reverse(), auto], selected, text);
    this.#quality.element.hidden = levels.length === 0;

    const { texts } = this.#player;
    const chosenText = engine?.selectedText ?? NO_TEXT;
    const words = texts.map((track) => ({
      value: track.index,
      label: textLabel(track),
      note: track.forced ? "forced" : "",
    }));
    const chosenLabel = words.find(({ value }) => value === chosenText)?.label ?? "Off";
    this.#captions.update([{ value: NO_TEXT, label: "Off" }, ...words], chosenText, chosenLabel);
    this.#captions.element.hidden = texts.length === 0;
    this.#captions.element.toggleAttribute("data-on", chosenText !== NO_TEXT);

    const { sounds } = this.#player;
    const heard = engine?.selectedSound ?? -1;
    const voices = sounds.map((sound) => ({ value: sound.index, label: soundLabel(sound) }));
    this.#sounds.update(voices, heard, voices.find(({ value }) => value === heard)?.label ?? "Default");
    this.#sounds.element.hidden = sounds.length < 2;

    const speeds = SPEEDS.map((value) => ({ value, label: value === 1 ? "Normal" : `${value}×` })).reverse();
    this.#speed.update(speeds, video.playbackRate, `${video.playbackRate}×`);
  }

  #drawTime(): void {
    const { currentTime, duration } = this.#player.video;
    this.#position.textContent = clock(currentTime);
    this.#length.textContent = ` / ${clock(duration)}`;
    this.#drawChapters();
  }

  #drawChapters(): void {
    const { chapters, video } = this.#player;
    const at = chapterAt(chapters, video.currentTime);
    const choices = chapters.map(({ start, title }, value) => ({ value, label: title, note: clock(start) }));
    this.#chapters.update(choices, at, chapters[at]?.title ?? "None");
    this.#chapters.element.hidden = chapters.length === 0;
  }

  #seekToChapter(at: number): void {
    const chapter = this.#player.chapters[at];
    if (chapter) this.#player.seekTo(chapter.start);
  }
}

function control(name: string, picture: IconName, label: string): HTMLButtonElement {
  const button = el("button", { type: "button", class: "player-button", "data-control": name });
  setControl(button, picture, label);
  return button;
}

function setControl(button: HTMLButtonElement, picture: IconName, label: string): void {
  if (button.title === label) return; // redrawing under the pointer would lose clicks
  button.replaceChildren(icon(picture));
  setAttributes(button, { "aria-label": label.replace(/ \(.*\)$/, ""), title: label });
}

function megabits(bitrate: number): string {
  const value = bitrate / 1_000_000;
  return `${value >= 10 ? Math.round(value) : value.toFixed(1)} Mbit/s`;
}

async function togglePictureInPicture(video: HTMLVideoElement): Promise<void> {
  if (document.pictureInPictureElement) await document.exitPictureInPicture();
  else await video.requestPictureInPicture().catch(() => undefined); // refused before the first frame
}
