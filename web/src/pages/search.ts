import "../styles/home.css";
import "../styles/channels.css";
import "../styles/search.css";
import { searchVideos } from "../api/search";
import { VideoGrid } from "../home/video-grid";
import { Filters } from "../search/filters";
import { hitCard } from "../search/hit-card";
import { addressOf, asked } from "../search/wanted";
import { el, find } from "../ui/dom";
import { setUpSiteHeader } from "../ui/site-header";

const form = find<HTMLFormElement>("#search");
const filters = new Filters(form, go);

/** What the page's address asks for. */
function show(): void {
  const address = new URLSearchParams(location.search);
  const query = asked(address, Date.now());
  const corrected = el("p", { class: "search-corrected", role: "status", hidden: true });
  const found = new VideoGrid(
    "Found",
    async (cursor) => {
      const page = await searchVideos(query, cursor);
      corrected.hidden = page.corrected === null;
      corrected.textContent = page.corrected && `Nothing has these words. Shown: ${page.corrected}`;
      return page;
    },
    "Nothing was found. Try other words, or fewer filters.",
    hitCard,
  );
  document.title = `${address.get("q") || "Search"} · Matinee`;
  filters.fill(address);
  find("#found").replaceChildren(corrected, found.element);
  void found.loadMore();
}

/** To the address of what the fields say; the focus stays where it is. */
function go(): void {
  const address = addressOf(new FormData(form));
  if (address === location.pathname + location.search) return;
  history.pushState(null, "", address);
  show();
}

setUpSiteHeader();
form.addEventListener("submit", (event) => {
  event.preventDefault();
  go();
});
addEventListener("popstate", show);
show();
