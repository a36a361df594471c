import type { Problem } from "./types";

export const API = "/api/v1";

/** The server answered with an error; `problem` is its RFC 9457 body. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(readonly problem: Problem) {
    super(problem.detail || problem.title);
  }

  get status(): number {
    return this.problem.status;
  }

  get code(): string {
    return this.problem.code;
  }

  /** What is wrong with one field of the request body, if the server named it. */
  fieldMessage(field: string): string | undefined {
    const named = (path: string) => path.split(/[./]/).at(-1) === field;
    return this.problem.errors?.find((error) => named(error.path))?.message;
  }
}

/** No answer came: offline, server down, name not resolved. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";

  constructor(cause: unknown) {
    super("The server cannot be reached. Check the connection and try again.", { cause });
  }
}

export interface Call {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** A file, as it is; anything else as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** Lets the request finish although the page is being left. */
  keepalive?: boolean;
}

/**
 * Sends one request and returns its successful response.
 * Throws `ApiError` for an error status, `Unreachable` without an answer, `AbortError` when aborted.
 */
export async function send(path: string, call: Call = {}): Promise<Response> {
  const headers = new Headers(call.headers);
  const init: RequestInit = { method: call.method ?? "GET", headers, credentials: "same-origin" };
  if (call.body instanceof Blob) {
    init.body = call.body; // its type comes with it
  } else if (call.body !== undefined) {
    headers.set("Content-Type", "application/json");
    init.body = JSON.stringify(call.body);
  }
  if (call.signal) init.signal = call.signal;
  if (call.keepalive) init.keepalive = true;

  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (call.signal?.aborted) throw error;
    throw new Unreachable(error);
  }
  if (!response.ok) throw new ApiError(await readProblem(response));
  return response;
}

async function readProblem(response: Response): Promise<Problem> {
  const fallback: Problem = {
    type: "about:blank",
    title: response.statusText || "Error",
    status: response.status,
    detail: `The server answered ${response.status}.`,
    code: "unknown",
    request_id: response.headers.get("X-Request-ID") ?? "",
  };
  try {
    return { ...fallback, ...((await response.json()) as Partial<Problem>) };
  } catch {
    return fallback; // a proxy in between answered with its own page
  }
}

/** A sentence for people about anything that was thrown. */
export function explain(error: unknown): string {
  if (error instanceof ApiError && error.status === 429) return "Too many attempts. Please wait a moment.";
  if (error instanceof Error && error.message) return error.message;
  return "Something went wrong.";
}

/** True if `error` is only the echo of our own abort. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
