import "../styles/home.css";
import "../styles/channels.css";
import { linkProvider } from "../api/security";
import { currentUser, departTo, onUserChange, signInByProvider } from "../api/session";
import type { User } from "../api/types";
import { listPublicVideos } from "../api/videos";
import { AccountDialog } from "../home/account-dialog";
import { AccountPanel } from "../home/account-panel";
import { ApiKeysPanel } from "../home/api-keys-panel";
import { ChannelPanel } from "../home/channel-panel";
import { type Returned, rememberKeeping, returned } from "../home/come-back";
import { CommentsPanel } from "../home/comments-panel";
import { HistoryPanel } from "../home/history-panel";
import { MyVideos } from "../home/my-videos";
import { PlaylistsPanel } from "../home/playlists-panel";
import { SecurityPanel } from "../home/security-panel";
import { TeamsPanel } from "../home/teams-panel";
import { UploadPanel } from "../home/upload-panel";
import { videoCard } from "../home/video-card";
import { VideoGrid } from "../home/video-grid";
import { find } from "../ui/dom";
import { takeLinkToken } from "../ui/link-token";
import { setUpSiteHeader } from "../ui/site-header";
import { safeReturnPath } from "../ui/words";

const query = new URLSearchParams(location.search);
const welcome = find("#welcome");
const studio = find("#studio");

const upload = new UploadPanel();
const mine = new MyVideos((video) => upload.offerResume(video));
const keys = new ApiKeysPanel();
const history = new HistoryPanel();
const comments = new CommentsPanel();
const own = new AccountPanel((until) =>
  account.openAfter(`Your account will be deleted on ${until}. Sign in before then to keep it.`),
);
const channel = new ChannelPanel();
const playlists = new PlaylistsPanel();
const teams = new TeamsPanel((belongsTo) => {
  upload.useTeams(belongsTo);
  mine.useTeams(belongsTo);
  playlists.useTeams(belongsTo);
  channel.useTeams(belongsTo);
});
const security = new SecurityPanel();
const latest = new VideoGrid(
  "Latest",
  listPublicVideos,
  "No public videos yet. The first one could be yours.",
  (video) => videoCard(video),
);
const account = new AccountDialog(() => {
  const next = safeReturnPath(query.get("next"), location.origin);
  if (next) location.assign(next);
});

find("#upload").replaceWith(upload.element);
find("#mine").replaceWith(mine.element);
find("#playlists").replaceWith(playlists.element);
find("#own-channel").replaceWith(channel.element);
find("#teams").replaceWith(teams.element);
find("#keys").replaceWith(keys.element);
find("#history").replaceWith(history.element);
find("#own-comments").replaceWith(comments.element);
find("#own").replaceWith(own.element);
find("#security").replaceWith(security.element);
find("#latest").replaceWith(latest.element);
document.body.append(account.element);
for (const button of document.querySelectorAll<HTMLElement>("[data-open-account]")) {
  button.addEventListener("click", () =>
    account.open(button.dataset.openAccount === "register" ? "register" : "sign-in"),
  );
}

const back = returned();

/** From a provider: to be signed in, or with another way to. */
function comeBack({ provider, code, state, linking, keeping }: Returned, user: User | null): void {
  if (linking && user) {
    security.resume(() => linkProvider(provider, code, state));
    return;
  }
  account.resume((restore) => {
    if (!restore) return signInByProvider(provider, code, state, keeping);
    rememberKeeping(provider); // the code is spent: the provider gives another
    return departTo(provider);
  });
}

let shownFor: string | null | undefined;

function showFor(user: User | null): void {
  const id = user?.id ?? null;
  if (id === shownFor) return; // a renewed token is not another person
  shownFor = id;
  welcome.hidden = user !== null;
  studio.hidden = user === null;
  upload.useAccount(user);
  mine.useAccount(user);
  teams.useAccount(user);
  channel.useAccount(user);
  playlists.close();
  keys.close();
  history.close();
  comments.close();
  own.close();
  security.close();
}

setUpSiteHeader(() => account.open("sign-in"));
onUserChange(showFor);
void latest.loadMore();
// Unreachable: the page stays that of a visitor; the list of videos says what is wrong.
void currentUser()
  .catch(() => null)
  .then((user) => {
    showFor(user);
    if (back) comeBack(back, user);
    if (back || user) return;
    if (location.pathname === "/register") account.open("register", takeLinkToken() || null);
    else if (query.has("sign-in")) account.open("sign-in");
  });
