import { el, setAttributes } from "../ui/dom";
import { icon } from "../ui/icons";

const MEMORY = "matinee.volume";

/** The sound button and its slider. The setting is kept for the next video. */
export function volumeControl(video: HTMLVideoElement): HTMLElement {
  const button = el("button", { type: "button", class: "player-button", "data-control": "mute" });
  const slider = el("input", { type: "range", min: 0, max: 1, step: 0.05, "aria-label": "Volume" });
  const draw = () => {
    const silent = video.muted || video.volume === 0;
    button.replaceChildren(icon(silent ? "muted" : "volume"));
    setAttributes(button, {
      "aria-label": silent ? "Sound on" : "Sound off",
      title: silent ? "Sound on (m)" : "Sound off (m)",
    });
    slider.value = String(video.muted ? 0 : video.volume);
    slider.style.setProperty("--share", `${Number(slider.value) * 100}%`);
  };
  button.addEventListener("click", () => toggleMute(video));
  slider.addEventListener("input", () => setVolume(video, Number(slider.value)));
  video.addEventListener("volumechange", draw);
  restore(video);
  draw();
  return el("div", { class: "volume" }, button, slider);
}

export function toggleMute(video: HTMLVideoElement): void {
  if (video.muted || video.volume > 0) video.muted = !video.muted;
  else video.volume = 0.5;
  keep(video);
}

/** Sets the volume between 0 and 1; any sound at all ends muting. */
export function setVolume(video: HTMLVideoElement, volume: number): void {
  video.volume = Math.min(1, Math.max(0, Math.round(volume * 100) / 100));
  video.muted = video.volume === 0;
  keep(video);
}

function keep(video: HTMLVideoElement): void {
  try {
    localStorage.setItem(MEMORY, JSON.stringify({ volume: video.volume, muted: video.muted }));
  } catch {
    // Closed storage (a frame on another site): the setting lasts as long as the page.
  }
}

function restore(video: HTMLVideoElement): void {
  try {
    const kept = JSON.parse(localStorage.getItem(MEMORY) ?? "{}") as { volume?: unknown; muted?: unknown };
    if (typeof kept.volume === "number" && kept.volume >= 0 && kept.volume <= 1) video.volume = kept.volume;
    if (typeof kept.muted === "boolean") video.muted = kept.muted;
  } catch {
    // See keep.
  }
}
