const SILENCE_MS = 60_000; // no byte moved for this long: the connection is dead, whatever the system says

/** The storage, or the way to it, refused a part. `status` is 0 when no answer came. */
export class PartRefused extends Error {
  override readonly name = "PartRefused";

  constructor(readonly status: number) {
    super(status ? `The storage answered ${status}.` : "The storage cannot be reached.");
  }

  /** Whether sending the same part again may help; a 403 is an address that has expired. */
  get worthRetrying(): boolean {
    return (
      this.status === 0 ||
      this.status === 403 ||
      this.status === 408 ||
      this.status === 429 ||
      this.status >= 500
    );
  }
}

/**
 * PUTs one part to its presigned address. `onSent` hears how many bytes have left so far.
 * Throws `PartRefused`, or `AbortError` when aborted. (XMLHttpRequest: fetch reports no upload progress.)
 */
export function putPart(
  url: string,
  body: Blob,
  onSent: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let watchdog = 0;
    const feedWatchdog = () => {
      clearTimeout(watchdog);
      watchdog = window.setTimeout(() => {
        settle(() => reject(new PartRefused(0)));
        request.abort();
      }, SILENCE_MS);
    };
    const onAbort = () => {
      settle(() => reject(new DOMException("Aborted", "AbortError")));
      request.abort();
    };
    const settle = (finish: () => void) => {
      clearTimeout(watchdog);
      signal.removeEventListener("abort", onAbort);
      finish();
    };
    request.upload.onprogress = (event) => {
      feedWatchdog();
      onSent(event.loaded);
    };
    request.onload = () => {
      const accepted = request.status >= 200 && request.status < 300;
      settle(accepted ? resolve : () => reject(new PartRefused(request.status)));
    };
    request.onerror = () => settle(() => reject(new PartRefused(0)));
    request.open("PUT", url);
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) return onAbort();
    feedWatchdog();
    request.send(body);
  });
}
