import { ApiError, isAbort, Unreachable } from "../api/http";
import { retryDelay, sleep } from "../api/retry";
import { signParts } from "../api/videos";
import { PartAddresses } from "./part-addresses";
import { type Layout, missingParts, partRange } from "./parts";
import { PartRefused, putPart } from "./put-part";

const PARALLEL = 4; // one connection rarely fills a line; browsers allow six a host
const ATTEMPTS = 10; // a part in a row; with the delays below about three minutes of trouble

/**
 * Sends every part of `file` that the storage does not hold yet. May be called again after any failure, from
 * any device: what is stored is asked of the storage, never remembered.
 */
export async function transferParts(
  videoId: string,
  file: File,
  onProgress: (sentBytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const { layout, todo } = await survey(videoId, file, signal);
  const addresses = new PartAddresses(videoId, layout.partCount);
  const progress = new Progress(layout, todo, onProgress);

  // One part that fails for good must stop the others too.
  const group = new AbortController();
  const stop = () => group.abort();
  signal.addEventListener("abort", stop);
  const lane = async () => {
    for (let part = todo.shift(); part !== undefined; part = todo.shift()) {
      await sendPart(part, file, layout, addresses, progress, group.signal);
    }
  };
  try {
    const lanes = Array.from({ length: PARALLEL }, () => lane().catch(rethrowAfter(stop)));
    const results = await Promise.allSettled(lanes);
    const failures = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
    if (failures.length > 0) throw failures.find((failure) => !isAbort(failure)) ?? failures[0];
    signal.throwIfAborted();
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

async function survey(videoId: string, file: File, signal: AbortSignal) {
  const signed = await signParts(videoId, 1, 1, signal);
  const layout: Layout = { fileSize: file.size, partSize: signed.part_size, partCount: signed.part_count };
  return { layout, todo: missingParts(layout, signed.uploaded) };
}

async function sendPart(
  part: number,
  file: File,
  layout: Layout,
  addresses: PartAddresses,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const { start, end } = partRange(layout, part);
  for (let attempt = 1; ; attempt++) {
    try {
      const url = await addresses.get(part, signal);
      await putPart(url, file.slice(start, end), (bytes) => progress.sending(part, bytes), signal);
      progress.sent(part, end - start);
      return;
    } catch (error) {
      progress.sending(part, 0);
      if (!worthRetrying(error) || attempt === ATTEMPTS) throw error;
      if (error instanceof PartRefused && error.status === 403) addresses.discard(part);
      await sleep(retryDelay(attempt), signal);
      await online(signal);
    }
  }
}

function worthRetrying(error: unknown): boolean {
  if (error instanceof PartRefused) return error.worthRetrying;
  if (error instanceof ApiError) return error.status === 429 || error.status >= 500;
  return error instanceof Unreachable;
}

/** Resolves once the browser believes there is a network: attempts without one would only be used up. */
function online(signal: AbortSignal): Promise<void> {
  if (navigator.onLine) return Promise.resolve();
  return new Promise((resolve, reject) => {
    window.addEventListener("online", () => resolve(), { once: true, signal });
    signal.addEventListener("abort", () => reject(new DOMException("Aborted", "AbortError")), { once: true });
  });
}

function rethrowAfter(cleanUp: () => void) {
  return (error: unknown): never => {
    cleanUp();
    throw error;
  };
}

/** Adds up finished parts and the sent share of those under way. */
class Progress {
  #done: number;
  #underWay = new Map<number, number>();

  constructor(
    layout: Layout,
    todo: number[],
    readonly report: (sentBytes: number) => void,
  ) {
    const missing = todo
      .map((part) => partRange(layout, part))
      .reduce((sum, { start, end }) => sum + end - start, 0);
    this.#done = layout.fileSize - missing;
    this.#announce();
  }

  sending(part: number, bytes: number): void {
    this.#underWay.set(part, bytes);
    this.#announce();
  }

  sent(part: number, size: number): void {
    this.#underWay.delete(part);
    this.#done += size;
    this.#announce();
  }

  #announce(): void {
    let total = this.#done;
    for (const bytes of this.#underWay.values()) total += bytes;
    this.report(total);
  }
}
