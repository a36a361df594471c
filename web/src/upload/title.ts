/** A first title: the file's name without its extension, underscores and dots read as spaces. */
export function titleFrom(filename: string): string {
  const stem = filename
    .replace(/\.[^.]+$/, "")
    .replace(/[_.]+/g, " ")
    .trim();
  return (stem || filename).slice(0, 100);
}
