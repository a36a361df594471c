const WINDOW_MS = 8_000; // shorter jumps about, longer is slow to notice a change

/** Bytes a second over the last seconds, from readings of a growing total. */
export class Speedometer {
  #readings: { at: number; bytes: number }[] = [];

  record(bytes: number, at: number): void {
    this.#readings.push({ at, bytes });
    while (this.#readings.length > 2 && (this.#readings[0]?.at ?? at) < at - WINDOW_MS)
      this.#readings.shift();
  }

  /** Null until two readings lie apart in time. */
  get bytesPerSecond(): number | null {
    const first = this.#readings[0];
    const last = this.#readings.at(-1);
    if (!first || !last || last.at <= first.at) return null;
    return Math.max(0, ((last.bytes - first.bytes) / (last.at - first.at)) * 1000);
  }
}
