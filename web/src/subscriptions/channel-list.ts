import { listSubscriptions, seeAllChannels, subscribe } from "../api/channels";
import type { SubscribedChannel } from "../api/types";
import { channelAddress } from "../channel/address";
import { avatar } from "../channel/avatar";
import { attempt } from "../ui/attempt";
import { el } from "../ui/dom";
import { ago } from "../ui/words";
import { newVideos } from "./new-videos";

/** The channels that the signed-in user follows, each with what is new. Beside the videos it is open. */
export class ChannelList {
  readonly element: HTMLDetailsElement;
  readonly #list = el("ul", { class: "followed" });
  readonly #seen = el("button", { type: "button", class: "button small", hidden: true }, "Mark all as seen");
  readonly #none = el("p", { class: "fold-intro", hidden: true }, "You follow no channel yet.");
  readonly #more = el("button", { type: "button", class: "button more", hidden: true }, "Show more");
  readonly #error = el("p", { class: "form-error", role: "alert", hidden: true });
  #cursor: string | null = null;

  constructor() {
    this.element = el(
      "details",
      { class: "section fold" },
      el("summary", {}, el("h2", {}, "Channels")),
      this.#error,
      this.#none,
      this.#seen,
      this.#list,
      this.#more,
    );
    this.element.addEventListener("toggle", () => void this.#loadMore(), { once: true });
    this.element.open = matchMedia("(width >= 1000px)").matches;
    this.#more.addEventListener("click", () => void this.#loadMore());
    this.#seen.addEventListener("click", () => void this.#seeAll());
  }

  #loadMore(): Promise<void> {
    return attempt(this.#error, async () => {
      const page = await listSubscriptions(this.#cursor);
      this.#cursor = page.next_cursor;
      this.#more.hidden = this.#cursor === null;
      this.#list.append(...page.items.map((channel) => this.#row(channel)));
      this.#none.hidden = this.#list.childElementCount > 0;
      this.#seen.hidden &&= page.items.every((channel) => channel.new === 0);
    });
  }

  #seeAll(): Promise<void> {
    return attempt(this.#error, async () => {
      await seeAllChannels();
      this.#seen.hidden = true;
      for (const news of this.#list.querySelectorAll(".followed-new")) news.textContent = "";
    });
  }

  #row(channel: SubscribedChannel): HTMLElement {
    const name = channel.available ? channel.name : "Not available";
    const news = el("span", { class: "followed-new" }, newVideos(channel.new));
    const about = el("span", { class: "followed-name" }, el("span", {}, name), news);
    const picture = avatar(channel.available ? channel : { name: "–" });
    const button = el("button", { type: "button", class: "button small" });
    const row = el(
      "li",
      {},
      channel.available
        ? el("a", { href: channelAddress(channel) }, picture, about)
        : el("span", { title: `Subscribed ${ago(channel.subscribed_at)}` }, picture, about),
      button,
    );
    let isSubscribed = true;
    const draw = () => {
      button.textContent = isSubscribed ? "Unsubscribe" : "Subscribe";
      button.setAttribute("aria-label", `${button.textContent}: ${name}`);
    };
    draw();
    button.addEventListener(
      "click",
      () =>
        void attempt(this.#error, async () => {
          isSubscribed = (await subscribe(channel.id, !isSubscribed)).subscribed;
          if (channel.available) draw();
          else row.remove(); // nobody subscribes to it now
        }),
    );
    return row;
  }
}
