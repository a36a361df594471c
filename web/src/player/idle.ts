const IDLE_MS = 2600;

/** Sets `data-idle` on the player while it plays and nobody moves: controls and cursor fade away then. */
export function hideWhenIdle(player: HTMLElement, video: HTMLVideoElement): void {
  let timer = 0;
  const busy = () => video.paused || player.querySelector("[role=menu]:not([hidden])") !== null;
  const wake = () => {
    delete player.dataset.idle;
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      if (busy()) wake();
      else player.dataset.idle = "";
    }, IDLE_MS);
  };
  for (const event of ["pointermove", "pointerdown", "keydown", "focusin"])
    player.addEventListener(event, wake);
  for (const event of ["play", "pause", "seeking", "ended"]) video.addEventListener(event, wake);
  player.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "mouse" && !busy()) player.dataset.idle = "";
  });
}
