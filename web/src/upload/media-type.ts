import type { FileType } from "../api/types";

/** The media types that the API takes; the content decides what is done, so an unknown one costs nothing. */
const TYPES: Record<string, FileType> = {
  "3gp": "video/3gpp",
  avi: "video/x-msvideo",
  flv: "video/x-flv",
  m2ts: "video/mp2t",
  m4v: "video/x-m4v",
  mkv: "video/x-matroska",
  mov: "video/quicktime",
  mp4: "video/mp4",
  mpeg: "video/mpeg",
  mpg: "video/mpeg",
  mts: "video/mp2t",
  ogv: "video/ogg",
  ts: "video/mp2t",
  webm: "video/webm",
  wmv: "video/x-ms-wmv",
};

/** What the file picker offers; the extensions are for browsers that know no type for them. */
export const ACCEPT = ["video/*", ...Object.keys(TYPES).map((extension) => `.${extension}`)].join(",");

/** The media type of a file, by its name: browsers know none for some containers, and call `.ts` a text. */
export function mediaType(file: { name: string; type: string }): FileType {
  const extension = file.name.split(".").at(-1)?.toLowerCase() ?? "";
  const known = TYPES[extension] ?? Object.values(TYPES).find((type) => type === file.type);
  return known ?? "application/octet-stream";
}
