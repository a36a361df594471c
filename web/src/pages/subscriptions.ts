import "../styles/home.css";
import "../styles/channels.css";
import { listFeed } from "../api/channels";
import { explain } from "../api/http";
import { currentUser, onUserChange } from "../api/session";
import type { User } from "../api/types";
import { videoCard } from "../home/video-card";
import { VideoGrid } from "../home/video-grid";
import { ChannelList } from "../subscriptions/channel-list";
import { el, find } from "../ui/dom";
import { setUpSiteHeader } from "../ui/site-header";

const NOTHING = el(
  "span",
  {},
  "Nothing yet. Press Subscribe on the page of a channel or beside one of its videos, and what it publishes stands here. ",
  el("a", { href: "/" }, "See the latest videos"),
);

let shownFor: string | null | undefined;

function showFor(user: User | null): void {
  const id = user?.id ?? null;
  if (id === shownFor) return; // a renewed token is not another person
  shownFor = id;
  find("#visitor").hidden = user !== null;
  find("#following").hidden = user === null;
  find("#following").replaceChildren();
  if (!user) return;
  const feed = new VideoGrid("New videos", listFeed, NOTHING, (video) => videoCard(video));
  find("#following").append(new ChannelList().element, feed.element);
  void feed.loadMore();
}

setUpSiteHeader();
onUserChange(showFor);
currentUser().then(showFor, (error) =>
  find("main").append(el("p", { class: "empty", role: "alert" }, explain(error))),
);
