import "../styles/home.css";
import "../styles/channels.css";
import { getChannel, listChannelVideos, seeChannel } from "../api/channels";
import { explain } from "../api/http";
import { currentUser } from "../api/session";
import { channelAddress, channelOf } from "../channel/address";
import { channelHeader } from "../channel/header";
import { SubscribeButton } from "../channel/subscribe-button";
import { videoCard } from "../home/video-card";
import { VideoGrid } from "../home/video-grid";
import { el, find } from "../ui/dom";
import { setUpSiteHeader } from "../ui/site-header";

async function show(): Promise<void> {
  const channel = await getChannel(channelOf(location.pathname));
  const subscribe = new SubscribeButton();
  const videos = new VideoGrid(
    "Videos",
    (cursor) => listChannelVideos(channel.id, cursor),
    "No public videos yet.",
    (video) => videoCard(video),
  );
  document.title = `${channel.name} · Matinee`;
  history.replaceState(null, "", channelAddress(channel) + location.search); // it may have come by a former handle
  find("#channel").replaceChildren(channelHeader(channel, subscribe.element), videos.element);
  subscribe.show(channel);
  await videos.loadMore();
  if (await currentUser()) await seeChannel(channel.id);
}

setUpSiteHeader();
show().catch((error) => find("#channel").prepend(el("p", { class: "empty", role: "alert" }, explain(error))));
