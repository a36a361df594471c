/** Quantities as people read them. Pure. */

const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** `0:07`, `12:34`, `1:02:03`. */
export function clock(seconds: number): string {
  const whole = Number.isFinite(seconds) && seconds > 0 ? Math.floor(seconds) : 0;
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const two = (value: number) => String(value).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** `2 minutes 5 seconds`: a position for screen readers. */
export function spokenTime(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds || 0));
  const units: [number, string][] = [
    [Math.floor(whole / 3600), "hour"],
    [Math.floor((whole % 3600) / 60), "minute"],
    [whole % 60, "second"],
  ];
  const said = units.filter(([count]) => count > 0).map(([count, unit]) => plural(count, unit));
  return said.join(" ") || "0 seconds";
}

/** `about 40 s left`, `about 3 min left`. */
export function timeLeft(seconds: number): string {
  if (seconds < 1) return "almost done";
  if (seconds < 90) return `about ${Math.ceil(seconds)} s left`;
  if (seconds < 5400) return `about ${Math.round(seconds / 60)} min left`;
  return `about ${Math.round(seconds / 3600)} h left`;
}

/** `0 B`, `999 B`, `1.4 GB`: decimal units, as disks and file managers count. */
export function bytes(count: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = count < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(count) / 3));
  const value = count / 1000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}

/** `12 MB of 40 MB`, or `12 MB` where the whole is not known. */
export function amount(here: number, whole: number | null): string {
  return whole === null ? bytes(here) : `${bytes(here)} of ${bytes(whole)}`;
}

/** `just now`, `5 minutes ago`, `3 weeks ago`. */
export function ago(date: string, now = Date.now()): string {
  const seconds = Math.max(0, (now - Date.parse(date)) / 1000);
  const units: [number, string][] = [
    [31_536_000, "year"],
    [2_592_000, "month"],
    [604_800, "week"],
    [86_400, "day"],
    [3600, "hour"],
    [60, "minute"],
  ];
  const [size, unit] = units.find(([size]) => seconds >= size) ?? [0, ""];
  return size ? `${plural(Math.floor(seconds / size), unit)} ago` : "just now";
}

/** `1 view`, `12 views`, `1.2K views`. */
export function few(count: number, unit: string): string {
  return `${COMPACT.format(count)} ${unit}${count === 1 ? "" : "s"}`;
}

export function plural(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

/** `Reported`, `Reported · 3`, `Reported · 99+`: the server counts to a hundred. */
export function counted(label: string, count: number): string {
  return count ? `${label} · ${count < 100 ? count : "99+"}` : label;
}

/** A path of this site to go to after signing in; anything else would let a link lead away. */
export function safeReturnPath(path: string | null, origin: string): string | null {
  if (!path?.startsWith("/")) return null;
  const url = URL.canParse(path, origin) ? new URL(path, origin) : null;
  return url?.origin === origin ? url.pathname + url.search + url.hash : null;
}
