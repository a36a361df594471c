import "../styles/home.css";
import "../styles/search.css";
import { searchVideos } from "../api/search";
import type { SearchPage } from "../api/types";
import { VideoGrid } from "../home/video-grid";
import { hitCard } from "../search/hit-card";
import { find } from "../ui/dom";
import { setUpSearchForm } from "../ui/search-form";
import { setUpSiteHeader } from "../ui/site-header";

const wanted = new URLSearchParams(location.search);
const form = find<HTMLFormElement>("#search");
const corrected = find("#corrected");

async function list(cursor: string | null): Promise<SearchPage> {
  const page = await searchVideos(wanted, cursor);
  corrected.hidden = page.corrected === null;
  corrected.textContent = page.corrected && `Nothing has these words. Shown: ${page.corrected}`;
  return page;
}

const found = new VideoGrid("Found", list, "No video has all of these words.", hitCard);
for (const name of ["q", "sort"]) {
  const value = wanted.get(name);
  if (value) (form.elements.namedItem(name) as HTMLInputElement | HTMLSelectElement).value = value;
}
setUpSearchForm(form);
setUpSiteHeader();
find("#found").replaceWith(found.element);
void found.loadMore();
