import { signParts } from "../api/videos";

const WINDOW = 50; // addresses asked for at once: they expire, so not all 10,000
const MARGIN_MS = 60_000; // an address must outlive the sending of its part's first byte

/** Presigned addresses of one upload's parts, fetched as they are needed and again when they expire. */
export class PartAddresses {
  #known = new Map<number, { url: string; expiresAt: number }>();
  #pending = new Map<number, Promise<void>>();

  constructor(
    readonly videoId: string,
    readonly partCount: number,
  ) {}

  async get(partNumber: number, signal: AbortSignal): Promise<string> {
    const known = this.#known.get(partNumber);
    if (known && known.expiresAt - MARGIN_MS > Date.now()) return known.url;
    await this.#fetchWindow(partNumber, signal);
    const fetched = this.#known.get(partNumber);
    if (!fetched) throw new Error(`The server gave no address for part ${partNumber}.`);
    return fetched.url;
  }

  /** The storage refused this part's address: the next `get` fetches a new one. */
  discard(partNumber: number): void {
    this.#known.delete(partNumber);
  }

  #fetchWindow(partNumber: number, signal: AbortSignal): Promise<void> {
    const from = partNumber - ((partNumber - 1) % WINDOW);
    const pending = this.#pending.get(from) ?? this.#fetch(from, signal);
    this.#pending.set(from, pending);
    return pending.finally(() => this.#pending.delete(from));
  }

  async #fetch(from: number, signal: AbortSignal): Promise<void> {
    const to = Math.min(from + WINDOW - 1, this.partCount);
    const signed = await signParts(this.videoId, from, to, signal);
    const expiresAt = Date.parse(signed.expires_at);
    for (const part of signed.parts) this.#known.set(part.part_number, { url: part.url, expiresAt });
  }
}
