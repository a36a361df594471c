/** Which file belongs to which unfinished upload, remembered by this browser. */

const PREFIX = "matinee.upload.";
const KEPT_MS = 7 * 24 * 3600 * 1000;

export interface UnfinishedUpload {
  videoId: string;
  title: string;
  startedAt: number;
}

type FileIdentity = Pick<File, "name" | "size" | "lastModified">;

/** Two files with the same fingerprint are taken for the same file. */
export function fingerprint(userId: string, file: FileIdentity): string {
  return [userId, file.size, file.lastModified, file.name].join(":");
}

export function remember(userId: string, file: FileIdentity, upload: UnfinishedUpload): void {
  try {
    localStorage.setItem(PREFIX + fingerprint(userId, file), JSON.stringify(upload));
  } catch {
    // Storage full or closed: the upload goes on, it just cannot be found again by its file.
  }
}

export function recall(userId: string, file: FileIdentity, now = Date.now()): UnfinishedUpload | null {
  const key = PREFIX + fingerprint(userId, file);
  try {
    const upload = JSON.parse(localStorage.getItem(key) ?? "null") as UnfinishedUpload | null;
    if (upload && now - upload.startedAt < KEPT_MS) return upload;
    localStorage.removeItem(key);
  } catch {
    // Closed storage, or an entry that is not ours.
  }
  return null;
}

export function forgetUpload(userId: string, file: FileIdentity): void {
  try {
    localStorage.removeItem(PREFIX + fingerprint(userId, file));
  } catch {
    // See remember.
  }
}
