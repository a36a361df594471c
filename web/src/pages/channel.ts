import "../styles/home.css";
import "../styles/channels.css";
import { type ChannelSort, getChannel, listChannelVideos, seeChannel } from "../api/channels";
import { explain } from "../api/http";
import { listPublicPlaylists } from "../api/playlists";
import { currentUser } from "../api/session";
import { channelAddress, channelOf } from "../channel/address";
import { channelHeader } from "../channel/header";
import { playlistCard } from "../channel/playlist-card";
import { SubscribeButton } from "../channel/subscribe-button";
import { videoCard } from "../home/video-card";
import { VideoGrid } from "../home/video-grid";
import { el, find } from "../ui/dom";
import { setUpSiteHeader } from "../ui/site-header";

const SORTS: [ChannelSort, string][] = [
  ["newest", "Newest"],
  ["views", "Most viewed"],
];

async function show(): Promise<void> {
  const channel = await getChannel(channelOf(location.pathname));
  const subscribe = new SubscribeButton();
  const sort = el(
    "select",
    { class: "choice", "aria-label": "Order of the videos" },
    ...SORTS.map(([value, label]) => el("option", { value }, label)),
  );
  const videos = new VideoGrid(
    "Videos",
    (cursor) => listChannelVideos(channel.id, sort.value as ChannelSort, cursor),
    "No public videos yet.",
    (video) => videoCard(video),
    sort,
  );
  const playlists = new VideoGrid(
    "Playlists",
    (cursor) => listPublicPlaylists(channel.id, cursor),
    "",
    playlistCard,
  );
  sort.hidden = channel.videos < 2;
  sort.addEventListener("change", () => void videos.reload());
  document.title = `${channel.name} · Matinee`;
  history.replaceState(null, "", channelAddress(channel) + location.search); // it may have come by a former handle
  find("#channel").replaceChildren(
    channelHeader(channel, subscribe.element),
    playlists.element,
    videos.element,
  );
  playlists.element.classList.add("shelf");
  subscribe.show(channel);
  await Promise.all([videos.loadMore(), playlists.loadMore()]);
  if (await currentUser()) await seeChannel(channel.id);
}

setUpSiteHeader();
show().catch((error) => find("#channel").prepend(el("p", { class: "empty", role: "alert" }, explain(error))));
