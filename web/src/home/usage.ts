import type { Usage } from "../api/types";
import { getUsage } from "../api/videos";
import { el } from "../ui/dom";
import { bytes } from "../ui/words";

/** A part of a quota that is used, as people read it and as a share from 0 to 1. */
export interface UsedPart {
  name: string;
  text: string;
  share: number;
}

/** What is used of each limit that there is. Pure. */
export function usedParts({ bytes: stored, minutes, quota }: Usage): UsedPart[] {
  const parts: UsedPart[] = [];
  if (quota.bytes !== null)
    parts.push(part("Storage", `${bytes(stored)} of ${bytes(quota.bytes)}`, stored, quota.bytes));
  if (quota.minutes !== null)
    parts.push(part("Length", `${minutes} of ${quota.minutes} min`, minutes, quota.minutes));
  return parts;
}

function part(name: string, text: string, used: number, limit: number): UsedPart {
  return { name, text, share: limit > 0 ? Math.min(1, used / limit) : 1 };
}

/** What the signed-in user or a team stores; nothing is shown where there is no quota, or where nobody tells. */
export class UsageMeter {
  readonly element = el("ul", { class: "usage", "aria-label": "Quota", hidden: true });

  hide(): void {
    this.element.hidden = true;
    this.element.replaceChildren();
  }

  async refresh(owner: string | null): Promise<void> {
    const usage = await getUsage(owner).catch(() => null);
    const parts = usage ? usedParts(usage) : [];
    this.element.replaceChildren(
      ...parts.map(({ name, text, share }) =>
        el(
          "li",
          { class: "usage-part", "data-full": String(share >= 1) },
          el("span", {}, text),
          el("progress", { max: 1, value: share, "aria-label": name }),
        ),
      ),
    );
    this.element.hidden = parts.length === 0;
  }
}
