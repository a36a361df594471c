import { followVideo } from "../api/follow";
import { ApiError, explain } from "../api/http";
import { readdressed, unlock, usePass } from "../api/pass";
import { accessToken, currentUser } from "../api/session";
import type { Playback, Storyboard, Video } from "../api/types";
import {
  carriedPlaylist,
  getChapters,
  getStoryboard,
  getTranscript,
  getVideo,
  isOpen,
  listCaptions,
  pictureAddress,
  posterAddress,
} from "../api/videos";
import { countView, getPosition, savePosition } from "../api/watching";
import type { PageState, Watched } from "../player/handle";
import { Player } from "../player/player";
import type { WatchAddress } from "./address";
import { chapterList } from "./chapter-list";
import { lockElement } from "./lock";
import { badLink, LOADING, type Notice, notFound, noticeElement, noticeFor, unreachable } from "./notice";
import { TranscriptPanel } from "./transcript";
import { Watching } from "./watching";

/**
 * The place where the video plays, or where the page says why it does not. Follows the video until nothing about
 * it changes any more.
 */
export class Stage implements Watched {
  page: PageState = "loading";
  info: Video | null = null;
  player: Player | null = null;
  #posterAsked = false;
  #resumeAt = 0;

  constructor(
    readonly root: HTMLElement,
    readonly address: WatchAddress,
    readonly onVideo: (video: Video) => void,
    /** Where the page lists the chapters, if it does. */
    readonly chapters: HTMLElement | null = null,
    /** Where the page shows what is said, if it does. */
    readonly transcript: HTMLElement | null = null,
  ) {
    if (address.token) usePass(address.token);
  }

  async start(): Promise<void> {
    this.#say("loading", LOADING);
    try {
      const [video, position] = await Promise.all([getVideo(this.address.videoId), this.#position()]);
      this.#resumeAt = position ?? 0;
      this.#show(video);
      if (!isSettled(video)) this.#follow();
    } catch (error) {
      await this.#showFailure(error);
    }
  }

  /** Where a signed-in viewer goes on, unless the address says where to begin. */
  async #position(): Promise<number | null> {
    if (this.address.options.startAt > 0) return null;
    return getPosition(this.address.videoId).catch(() => null); // it begins at the beginning, no reason to stop
  }

  #follow(): void {
    const end = new AbortController();
    const onVideo = (video: Video) => {
      this.#show(video);
      if (!isSettled(video)) return;
      end.abort();
      if (!this.player) return;
      void this.#showChapters(this.player); // those of the film are read while it is encoded
      void this.#showTranscript(this.player);
    };
    void followVideo(this.address.videoId, onVideo, end.signal);
  }

  #show(video: Video): void {
    this.info = video;
    this.onVideo(video);
    if (this.player) this.#update(this.player, video);
    else if (video.playback && video.status === "READY") this.#mountPlayer(video, video.playback);
    else this.#say(pageStateOf(video), noticeFor(video));
  }

  #mountPlayer(video: Video, playback: Playback): void {
    const player = new Player(video.title);
    this.player = player;
    this.page = "player";
    this.root.replaceChildren(player.element);
    player.listenToKeys(document);
    this.#update(player, video);
    const authorize = isOpen(video) ? null : bearer;
    void this.#showChapters(player);
    void this.#showTranscript(player);
    player.setStoryboard({
      load: () => this.#loadStoryboard(),
      sheet: (path) => pictureAddress(path, !isOpen(video)),
    });
    const carried = () => carriedPlaylist(video, playback.hls);
    void player.load(
      { hls: playback.hls, dash: playback.dash, authorize, readdress: readdressed, carried },
      { ...this.address.options, startAt: this.address.options.startAt || this.#resumeAt },
    );
    tellOfWatching(player, video);
  }

  #update(player: Player, video: Video): void {
    player.setEncoding(video.encoding, video.duration ?? 0);
    const placeholder = video.playback?.placeholder;
    if (placeholder && video.width && video.height)
      player.setPlaceholder(placeholder, video.width / video.height);
    // A video may be playable before its poster is made.
    if (this.#posterAsked || !video.playback?.poster) return;
    this.#posterAsked = true;
    void this.#showPoster(player, video);
  }

  /** It may be made after the last news of the video, so the video is asked for once more. */
  async #loadStoryboard(): Promise<Storyboard | null> {
    if (!this.info?.playback?.storyboard) this.info = await getVideo(this.address.videoId);
    const path = this.info.playback?.storyboard;
    return path ? getStoryboard(path) : null;
  }

  async #showChapters(player: Player): Promise<void> {
    const { items } = await getChapters(this.address.videoId).catch(() => ({ items: [] }));
    player.setChapters(items);
    this.chapters?.replaceChildren(...chapterList(items, (seconds) => player.seekTo(seconds)));
  }

  async #showTranscript(player: Player): Promise<void> {
    if (!this.transcript || this.transcript.hasChildNodes()) return;
    const { items } = await listCaptions(this.address.videoId).catch(() => ({ items: [] }));
    const spoken = items.some(
      (track) => ["subtitles", "captions"].includes(track.kind) && track.state === "ready",
    );
    if (!spoken) return;
    const first = await getTranscript(this.address.videoId).catch(() => null);
    if (first?.items.length)
      this.transcript.replaceChildren(new TranscriptPanel(this.address.videoId, player, first).element);
  }

  async #showPoster(player: Player, video: Video): Promise<void> {
    const poster = await posterAddress(video).catch(() => null); // a picture less, no reason to stop
    if (poster) player.video.poster = poster;
    describeToSystem(video, poster);
  }

  async #showFailure(error: unknown): Promise<void> {
    if (error instanceof ApiError && error.code === "password_required") {
      this.page = "locked";
      const open = async (password: string) => {
        await unlock(this.address.videoId, password);
        await this.start();
      };
      this.root.replaceChildren(lockElement(open));
      return;
    }
    if (error instanceof ApiError && error.code.startsWith("playback_token")) {
      this.#say("not-found", badLink(error.message));
      return;
    }
    if (error instanceof ApiError && [400, 404, 422].includes(error.status)) {
      const user = await currentUser().catch(() => null);
      this.#say("not-found", notFound(user !== null, location.pathname + location.search));
      return;
    }
    this.#say(
      "unreachable",
      unreachable(explain(error), () => void this.start()),
    );
  }

  #say(page: PageState, notice: Notice): void {
    this.page = page;
    this.root.replaceChildren(noticeElement(notice));
  }
}

/** A report that is lost costs a view or a place, never the picture. */
function tellOfWatching(player: Player, video: Video): void {
  const watching = new Watching(video.duration ?? 0, {
    onView: (seconds) => void countView(video.id, seconds).catch(() => undefined),
    onPosition: (seconds, isLast) => void savePosition(video.id, seconds, isLast).catch(() => undefined),
  });
  player.video.addEventListener("timeupdate", () => {
    if (!player.video.seeking) watching.at(player.video.currentTime);
  });
  player.video.addEventListener("pause", () => watching.stop());
  window.addEventListener("pagehide", () => watching.stop());
}

function isSettled(video: Video): boolean {
  if (video.status === "FAILED") return true;
  return (
    video.status === "READY" &&
    (!video.encoding || ["complete", "resting", "cancelled", "failed"].includes(video.encoding.state))
  );
}

function pageStateOf(video: Video): PageState {
  if (video.status === "FAILED") return "failed";
  return video.status === "PROCESSING" || video.status === "READY" ? "processing" : "uploading";
}

async function bearer(): Promise<string | null> {
  const token = await accessToken();
  return token && `Bearer ${token}`;
}

/** Title and picture for the system's media keys and lock screen. */
function describeToSystem(video: Video, poster: string | null): void {
  if (!("mediaSession" in navigator)) return;
  const artwork = poster ? [{ src: poster }] : [];
  navigator.mediaSession.metadata = new MediaMetadata({
    title: video.title,
    artist: video.owner.name,
    artwork,
  });
}
