/** Every call that finds videos. */
import { API } from "./http";
import type { SearchPage, Suggestions } from "./types";
import { authorized, pageQuery } from "./videos";

/** Public videos, and those that are `owner`'s; `wanted` is a query of the API. */
export async function searchVideos(wanted: URLSearchParams, cursor: string | null): Promise<SearchPage> {
  const query = new URLSearchParams([...wanted, ...pageQuery(cursor, 24)]);
  return (await (await authorized(`${API}/search?${query}`)).json()) as SearchPage;
}

/** What may be meant by what is typed so far. */
export async function suggest(typed: string): Promise<string[]> {
  const answer = await authorized(`${API}/search/suggestions?${new URLSearchParams({ q: typed })}`);
  return ((await answer.json()) as Suggestions).items;
}
