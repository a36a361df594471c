import type { Download, Downloads, RenditionProgress } from "../api/types";
import { codecName, levelLabel } from "../player/engine";
import { bytes } from "../ui/words";

/** One file as the page lists it: what it is, and what of it there is. */
export interface DownloadRow {
  name: string;
  label: string;
  note: string;
  /** `null`: it is not offered. */
  offer: Download | null;
}

export const ORIGINAL = "original";

/**
 * The rows of the list, best quality first. Whoever may offer files sees all that there could be; anybody else those
 * that can be fetched.
 */
export function downloadRows(
  { items, possible }: Downloads,
  renditions: readonly RenditionProgress[],
): DownloadRow[] {
  const offers = new Map(items.map((item) => [item.name, item]));
  const shown =
    possible.length > 0 ? possible : items.filter(({ state }) => state === "ready").map(({ name }) => name);
  const order = (name: string) => renditions.findIndex((rendition) => rendition.name === name);
  const isSound = (name: string) => renditions[order(name)]?.kind === "audio";
  const pictures = shown.filter((name) => name !== ORIGINAL && !isSound(name));
  const sounds = shown.filter(isSound);
  const originals = shown.filter((name) => name === ORIGINAL);
  return [...pictures.sort((a, b) => order(b) - order(a)), ...sounds, ...originals].map((name) => ({
    name,
    ...describe(name, renditions[order(name)], sounds.length > 1 ? sounds.indexOf(name) + 1 : null),
    offer: offers.get(name) ?? null,
  }));
}

/** `number`: which of several sounds it is. */
function describe(
  name: string,
  rendition: RenditionProgress | undefined,
  number: number | null,
): { label: string; note: string } {
  if (name === ORIGINAL) return { label: "Original", note: "the file as it was uploaded" };
  if (!rendition) return { label: name, note: "" };
  if (rendition.kind === "audio") return { label: number ? `Sound ${number}` : "Sound", note: "M4A" };
  const { width, height, frame_rate, bandwidth, codecs } = rendition;
  const size = levelLabel(width ?? 0, height ?? 0, frame_rate ?? 0, bandwidth);
  const other = codecs.startsWith("avc1.") ? "" : codecName(codecs);
  return { label: `${size} ${other}`.trim(), note: "MP4" };
}

/** What is told of an offer beside its buttons. */
export function offerState(offer: Download | null): string {
  if (!offer) return "not offered";
  if (offer.state === "ready") return bytes(offer.size ?? 0);
  if (offer.state === "failed") return offer.failure ?? "It could not be made.";
  return `being made, ${Math.floor(offer.percent)} %`;
}
