import "../styles/watch.css";
import "../styles/channels.css";
import "../styles/comments.css";
import type { Video } from "../api/types";
import { CommentSection } from "../comments/section";
import { exposeHandle } from "../player/handle";
import { find } from "../ui/dom";
import { setUpSiteHeader } from "../ui/site-header";
import { readAddress } from "../watch/address";
import { ClipPanel } from "../watch/clip-panel";
import { detailsElement } from "../watch/details";
import { DownloadsPanel } from "../watch/downloads-panel";
import { EncodingPanel } from "../watch/encoding-panel";
import { OwnerLine } from "../watch/owner-line";
import { PlaylistPanel } from "../watch/playlist-panel";
import { ReactionBar } from "../watch/reaction-bar";
import { SaveDialog } from "../watch/save-dialog";
import { Stage } from "../watch/stage";

const address = readAddress(location.href);
const details = find("#details");
const encoding = new EncodingPanel();
const downloads = new DownloadsPanel();
const comments = new CommentSection();
const owner = new OwnerLine();
const reactions = new ReactionBar();
const save = new SaveDialog(address.videoId);
const playlist = new PlaylistPanel(address.videoId);
const clip = new ClipPanel(() => stage.player);
let shown = "";

function onVideo(video: Video): void {
  document.title = `${video.title} · Matinee`;
  if (video.status === "READY") encoding.draw(video.encoding);
  // Progress events come often; what did not change keeps its selection and scroll position.
  const state = JSON.stringify([
    video.title,
    video.description,
    video.tags,
    video.visibility,
    video.width,
    video.ready_at,
  ]);
  if (state === shown) return;
  shown = state;
  details.replaceChildren(detailsElement(video, owner.element));
  void owner.show(video);
  if (video.status !== "READY") return;
  downloads.show(video);
  void clip.show(video);
  reactions.show(video);
  comments.show(video);
}

setUpSiteHeader();
find("#encoding").replaceWith(encoding.element);
find("#downloads").replaceWith(downloads.element);
find("#clip").replaceWith(clip.element);
find("#playlist").replaceWith(playlist.element);
reactions.element.append(save.button);
find("#reactions").replaceWith(reactions.element);
find("#comments").replaceWith(comments.element);
const stage = new Stage(
  find("#stage"),
  address,
  onVideo,
  find<HTMLElement>("#chapters"),
  find<HTMLElement>("#transcript"),
);
exposeHandle(stage);
void stage.start();
if (address.playlist) void playlist.show(address.playlist);
// No event of a film bubbles; on the way down it is heard.
stage.root.addEventListener("ended", () => playlist.playNext(), { capture: true });
