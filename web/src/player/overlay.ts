import { el } from "../ui/dom";
import { type IconName, icon } from "../ui/icons";
import type { EngineFault } from "./engine";
import type { Player } from "./player";
import type { Command } from "./shortcuts";

const EXPLAIN_WAIT_MS = 1500; // a shorter wait needs no words

/** What lies over the picture: the big play button, the spinner, the reason of a wait, a fault, a key's echo. */
export class Overlay {
  readonly element: HTMLElement;
  readonly #player: Player;
  readonly #bigPlay = el("button", { type: "button", class: "big-play", "aria-label": "Play" }, icon("play"));
  readonly #spinner = el("div", {
    class: "spinner",
    role: "progressbar",
    "aria-label": "Loading",
    hidden: true,
  });
  readonly #reason = el("p", { class: "overlay-reason", role: "status" });
  readonly #fault = el("div", { class: "overlay-fault", role: "alert", hidden: true });
  readonly #echo = el("div", { class: "key-echo", "aria-hidden": "true" });
  #waitTimer = 0;
  #lastPointer = "mouse";

  constructor(player: Player) {
    this.#player = player;
    const parts = [this.#spinner, this.#reason, this.#bigPlay, this.#fault, this.#echo];
    this.element = el("div", { class: "player-overlay" }, ...parts);
    this.#bigPlay.addEventListener("click", (event) => {
      event.stopPropagation();
      player.togglePlay();
    });
    this.#listenToPointer();
  }

  draw(): void {
    const { state, video, fault } = this.#player;
    const untouched = video.paused && video.played.length === 0 && !video.seeking;
    const waiting = state === "buffering" || (state === "loading" && !untouched);
    this.#bigPlay.hidden = fault !== null || !untouched;
    this.#spinner.hidden = !waiting;
    this.#explainWait(waiting);
    this.#fault.hidden = fault === null;
    if (fault) this.#fault.replaceChildren(...this.#faultChildren(fault));
  }

  /** Echoes a key's effect in the middle of the picture for a moment. */
  flash(command: Command): void {
    const picture = echoOf(command, this.#player.video);
    if (!picture) return;
    this.#echo.replaceChildren(typeof picture === "string" ? picture : picture.icon());
    this.#echo.getAnimations().forEach((animation) => {
      animation.cancel();
    });
    const frames = [
      { opacity: 1, scale: 0.9 },
      { opacity: 1, scale: 1, offset: 0.4 },
      { opacity: 0, scale: 1.15 },
    ];
    this.#echo.animate(frames, { duration: 650, easing: "ease-out" });
  }

  #explainWait(waiting: boolean): void {
    clearTimeout(this.#waitTimer);
    this.#reason.textContent = "";
    if (!waiting || !this.#player.isFilling) return;
    this.#waitTimer = window.setTimeout(() => {
      this.#reason.textContent = "Encoding this part just for you …";
    }, EXPLAIN_WAIT_MS);
  }

  #faultChildren(fault: EngineFault): Node[] {
    const again = el("button", { type: "button", class: "button" }, "Try again");
    again.addEventListener("click", (event) => {
      event.stopPropagation();
      void this.#player.retry();
    });
    const nodes: Node[] = [
      icon(fault.kind === "network" ? "offline" : "alert"),
      el("p", { class: "fault-sentence" }, FAULT_SENTENCES[fault.kind]),
      el("p", { class: "fault-detail" }, fault.detail),
    ];
    return fault.kind === "unsupported" ? nodes : [...nodes, again];
  }

  #listenToPointer(): void {
    const { element } = this;
    const onPicture = (event: Event) => event.target === element || event.target === this.#spinner;
    element.addEventListener("pointerdown", (event) => {
      this.#lastPointer = event.pointerType;
    });
    element.addEventListener("click", (event) => {
      // A tap on a phone shows the controls (see hideWhenIdle); a mouse click plays or pauses.
      if (onPicture(event) && this.#lastPointer === "mouse") this.#player.togglePlay();
    });
    element.addEventListener("dblclick", (event) => {
      if (onPicture(event))
        this.#player.element.querySelector<HTMLElement>("[data-control=fullscreen]")?.click();
    });
  }
}

const FAULT_SENTENCES: Record<EngineFault["kind"], string> = {
  network: "The video cannot be loaded just now.",
  media: "This browser could not play the video.",
  unsupported: "This browser cannot play streaming video.",
};

interface Picture {
  icon: () => SVGSVGElement;
}

function echoOf(command: Command, video: HTMLVideoElement): string | Picture | null {
  const picture = (name: IconName): Picture => ({ icon: () => icon(name) });
  if (command.name === "toggle-play") return picture(video.paused ? "pause" : "play");
  if (command.name === "toggle-mute") return picture(video.muted ? "muted" : "volume");
  if (command.name === "volume-by") return `${Math.round((video.muted ? 0 : video.volume) * 100)} %`;
  if (command.name === "seek-by") return `${command.seconds > 0 ? "+" : "−"}${Math.abs(command.seconds)} s`;
  if (command.name === "speed-by") return `${video.playbackRate}×`;
  return null;
}
