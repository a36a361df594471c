/** What the address of the search page asks for: words, order and filters. Pure. */

const LENGTHS: Record<string, Record<string, string>> = {
  short: { max_duration: "240" },
  medium: { min_duration: "240", max_duration: "1200" },
  long: { min_duration: "1200" },
};
const DAYS: Record<string, number> = { day: 1, week: 7, month: 30, year: 365 };
const DAY_MS = 86_400_000;

/** The query of the API for an address of the page: of `length` and `age` figures are made, all else is the same. */
export function asked(address: URLSearchParams, now: number): URLSearchParams {
  const query = new URLSearchParams(address);
  const days = DAYS[address.get("age") ?? ""];
  if (days) query.set("created_after", new Date(now - days * DAY_MS).toISOString());
  const bounds = LENGTHS[address.get("length") ?? ""] ?? {};
  for (const [name, value] of Object.entries(bounds)) query.set(name, value);
  query.delete("age");
  query.delete("length");
  return query;
}

/** The address of what the fields say; those that say nothing are left out. */
export function addressOf(fields: Iterable<[string, FormDataEntryValue]>): string {
  const said = [...fields].map(([name, value]) => [name, String(value).trim()]).filter(([, value]) => value);
  return `/search?${new URLSearchParams(said)}`;
}

/** Whether anything but the words and their order is asked for. */
export function isFiltered(address: URLSearchParams): boolean {
  return [...address.keys()].some((name) => name !== "q" && name !== "sort");
}
