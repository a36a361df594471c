export interface ServerEvent {
  event: string;
  data: string;
}

/** Reads `text/event-stream` text piece by piece, however the network has cut it. */
export class EventStreamParser {
  #buffer = "";
  #event = "";
  #data: string[] = [];

  /** The events completed by `text`, in order. */
  push(text: string): ServerEvent[] {
    const events: ServerEvent[] = [];
    // A lone "\r" at the end may be half of "\r\n": it waits for the next piece.
    const lines = (this.#buffer + text).split(/\r\n|\n|\r(?!$)/);
    this.#buffer = lines.pop() ?? "";
    for (const line of lines) {
      const event = this.#takeLine(line);
      if (event) events.push(event);
    }
    return events;
  }

  #takeLine(line: string): ServerEvent | null {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return null; // a comment: the server's heartbeat
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.#data.push(value);
    if (field === "event") this.#event = value;
    return null;
  }

  #dispatch(): ServerEvent | null {
    const { length } = this.#data;
    const event = { event: this.#event || "message", data: this.#data.join("\n") };
    this.#event = "";
    this.#data = [];
    return length > 0 ? event : null;
  }
}
