import { getSubscription, subscribe } from "../api/channels";
import { explain } from "../api/http";
import { currentUser, onUserChange } from "../api/session";
import type { Channel, Subscription } from "../api/types";
import { el } from "../ui/dom";
import { signInAddress } from "../ui/site-header";
import { plural } from "../ui/words";

/** Subscribes to a channel and tells how many are; leads whoever is not signed in to where he can be. */
export class SubscribeButton {
  readonly element = el("span", { class: "subscribe", hidden: true });
  readonly #button = el("button", { type: "button", class: "button" });
  readonly #count = el("span", { class: "subscribe-count" });
  readonly #error = el("span", { class: "form-error", role: "alert", hidden: true });
  #channel: Channel | null = null;
  #state: Subscription = { subscribed: false, subscribers: 0 };
  #isSignedIn = false;

  constructor() {
    this.element.append(this.#button, this.#count, this.#error);
    this.#button.addEventListener("click", () => void this.#turn());
    onUserChange(() => void this.#load());
  }

  /** Shows itself for a channel. */
  show(channel: Channel): void {
    this.#channel = channel;
    void this.#load();
  }

  async #load(): Promise<void> {
    const channel = this.#channel;
    if (!channel) return;
    const user = await currentUser().catch(() => null);
    this.#isSignedIn = user !== null;
    this.#state = { subscribed: false, subscribers: channel.subscribers };
    if (user) this.#state = await getSubscription(channel.id).catch(() => this.#state);
    this.#button.hidden = user?.id === channel.id; // nobody subscribes to himself
    this.element.hidden = false;
    this.#draw();
  }

  #draw(): void {
    const { subscribed, subscribers } = this.#state;
    this.#button.textContent = subscribed ? "Subscribed" : "Subscribe";
    this.#button.setAttribute("aria-pressed", String(subscribed));
    this.#button.classList.toggle("primary", !subscribed);
    this.#count.textContent = plural(subscribers, "subscriber");
  }

  async #turn(): Promise<void> {
    if (!this.#channel) return;
    if (!this.#isSignedIn) return location.assign(signInAddress());
    this.#error.hidden = true;
    this.#button.disabled = true;
    try {
      this.#state = await subscribe(this.#channel.id, !this.#state.subscribed);
      this.#draw();
    } catch (error) {
      this.#error.textContent = explain(error);
      this.#error.hidden = false;
    } finally {
      this.#button.disabled = false;
    }
  }
}
