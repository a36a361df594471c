import { getChannel } from "../api/channels";
import type { Video } from "../api/types";
import { channelAddress } from "../channel/address";
import { avatar } from "../channel/avatar";
import { SubscribeButton } from "../channel/subscribe-button";
import { el } from "../ui/dom";

/** Whose the video is: the way to its channel, and to subscribe. */
export class OwnerLine {
  readonly element = el("div", { class: "watch-owner" });
  readonly #subscribe = new SubscribeButton();

  async show({ owner }: Video): Promise<void> {
    const link = el("a", { href: channelAddress(owner) }, avatar(owner), owner.name);
    this.element.replaceChildren(link, this.#subscribe.element);
    const channel = await getChannel(owner.id).catch(() => null); // a button less, no reason to stop
    if (!channel) return;
    link.replaceChildren(avatar(channel), channel.name);
    this.#subscribe.show(channel);
  }
}
