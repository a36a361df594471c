import { EventStreamParser } from "./event-stream";
import { ApiError } from "./http";
import { retryDelay, sleep } from "./retry";
import { accessToken } from "./session";
import type { Video } from "./types";
import { authorized, seen } from "./videos";

/**
 * Calls `onVideo` with the video at once and after each change, until `signal` aborts.
 *
 * A lost connection is taken up again. While the page is hidden the stream is closed: over HTTP/1.1 a browser
 * has six connections a host, and forgotten tabs would use them all. Returns early if the video disappears.
 */
export async function followVideo(
  id: string,
  onVideo: (video: Video) => void,
  signal: AbortSignal,
): Promise<void> {
  for (let failures = 0; !signal.aborted; failures++) {
    await untilVisible(signal);
    const stream = new AbortController();
    const stop = () => stream.abort();
    const stopHidden = () => document.hidden && stop();
    signal.addEventListener("abort", stop);
    document.addEventListener("visibilitychange", stopHidden);
    try {
      await readOnce(
        id,
        (video) => {
          failures = 0;
          onVideo(video);
        },
        stream.signal,
      );
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return;
    } finally {
      signal.removeEventListener("abort", stop);
      document.removeEventListener("visibilitychange", stopHidden);
    }
    if (!signal.aborted && !document.hidden) await sleep(retryDelay(failures), signal).catch(() => undefined);
  }
}

async function readOnce(id: string, onVideo: (video: Video) => void, signal: AbortSignal): Promise<void> {
  const path = `${seen(id)}/events`;
  // EventSource cannot send a token, fetch can; for the anonymous the browser's own reader does.
  if (await accessToken()) await readByFetch(path, onVideo, signal);
  else await readByEventSource(path, onVideo, signal);
}

async function readByFetch(
  path: string,
  onVideo: (video: Video) => void,
  signal: AbortSignal,
): Promise<void> {
  const response = await authorized(path, { headers: { Accept: "text/event-stream" }, signal });
  if (!response.body) return;
  const parser = new EventStreamParser();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    for (const event of parser.push(piece.value)) {
      if (event.event === "video") onVideo(JSON.parse(event.data) as Video);
    }
  }
}

function readByEventSource(
  path: string,
  onVideo: (video: Video) => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    const source = new EventSource(path);
    const close = () => {
      source.close();
      resolve();
    };
    source.addEventListener("video", (event) => onVideo(JSON.parse(event.data) as Video));
    source.addEventListener("error", close); // followVideo decides when to come back
    signal.addEventListener("abort", close);
    if (signal.aborted) close();
  });
}

function untilVisible(signal: AbortSignal): Promise<void> {
  if (!document.hidden || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener("visibilitychange", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    document.addEventListener("visibilitychange", done);
    signal.addEventListener("abort", done);
  });
}
