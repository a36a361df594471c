/** Tags, as the server takes them. Pure. */

export const MOST_TAGS = 20;
export const LONGEST_TAG = 50; // characters

/** Those that are there and what was typed, divided by commas; of two that differ in case alone the first one. */
export function withTyped(tags: string[], typed: string): string[] {
  const words = typed.split(",").map((word) => word.trim().replace(/\s+/g, " "));
  const known = new Map(tags.map((tag) => [tag.toLowerCase(), tag]));
  for (const word of words) if (word && !known.has(word.toLowerCase())) known.set(word.toLowerCase(), word);
  return [...known.values()];
}

/** Why these cannot be the tags of a video, or nothing. */
export function refusal(tags: string[]): string {
  if (tags.length > MOST_TAGS) return `A video has ${MOST_TAGS} tags at most.`;
  if (tags.some((tag) => [...tag].length > LONGEST_TAG))
    return `A tag has ${LONGEST_TAG} characters at most.`;
  return "";
}

/** Where the videos of a tag are found. */
export function tagAddress(tag: string): string {
  return `/search?${new URLSearchParams({ tag })}`;
}
