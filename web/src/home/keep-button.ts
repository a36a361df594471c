import { ApiError } from "../api/http";
import { el } from "../ui/dom";

/** Offered to whoever signs in to an account that is to be deleted: signs in once more, and keeps it. */
export class KeepButton {
  readonly element = el("button", { type: "button", class: "button", hidden: true }, "Keep my account");

  /** Shows it where that is why `error` refused; `keep` signs in again. No error hides it. */
  offer(error: unknown, keep: () => void): void {
    this.element.hidden = !(error instanceof ApiError && error.code === "account_closed");
    this.element.onclick = keep;
  }
}
