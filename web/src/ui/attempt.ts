import { explain } from "../api/http";

/** Does something that may be refused, and says why in `notice`, which is hidden otherwise. */
export async function attempt(notice: HTMLElement, task: () => Promise<unknown>): Promise<void> {
  notice.hidden = true;
  try {
    await task();
  } catch (error) {
    notice.textContent = explain(error);
    notice.hidden = false;
  }
}
