/** A language in the viewer's own words; its tag where this browser does not know it. */
export function languageName(tag: string, locale?: string): string {
  if (!tag) return "";
  try {
    return new Intl.DisplayNames(locale ? [locale] : undefined, { type: "language" }).of(tag) ?? tag;
  } catch {
    return tag; // a tag that this browser does not understand
  }
}
