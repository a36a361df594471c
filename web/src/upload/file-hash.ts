// Browsers hash a file as a whole, in memory. What is larger is not read twice: the server compares it after its upload.
const MOST_BYTES = 64 * 1024 ** 2;

/** The SHA-256 of a file, hexadecimal; null where that would cost too much, or the page has no HTTPS. */
export async function fileHash(file: Blob): Promise<string | null> {
  if (file.size > MOST_BYTES || !globalThis.crypto?.subtle) return null;
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
