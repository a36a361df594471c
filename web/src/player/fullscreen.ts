/** iPhones let only the video itself fill the screen, by a call of their own. */
type IphoneVideo = HTMLVideoElement & { webkitEnterFullscreen?: () => void };

export function toggleFullscreen(player: HTMLElement, video: HTMLVideoElement): void {
  if (document.fullscreenElement) void document.exitFullscreen();
  else if (player.requestFullscreen)
    void player.requestFullscreen().catch(() => undefined); // refused in some frames
  else (video as IphoneVideo).webkitEnterFullscreen?.();
}
