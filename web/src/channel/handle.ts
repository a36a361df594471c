/** What a channel may be called, before the server is asked. Pure. */

const HANDLE = /^[a-z0-9][a-z0-9._-]{1,28}[a-z0-9]$/;

export const HANDLE_RULES =
  "3 to 30 letters (a–z), digits, dots, underscores and hyphens; the first and the last are letters or digits.";

/** The handle that was typed, with or without its `@`; null: none is wanted. */
export function readHandle(typed: string): string | null {
  return typed.trim().replace(/^@/, "").toLowerCase() || null;
}

export function isHandle(handle: string): boolean {
  return HANDLE.test(handle);
}
