import { changeName } from "../api/account";
import { changeChannel, getChannel, suggestHandle } from "../api/channels";
import { ApiError, explain } from "../api/http";
import { renameTeam } from "../api/teams";
import type { Channel, Team, User } from "../api/types";
import { channelAddress } from "../channel/address";
import { HANDLE_RULES, isHandle, readHandle } from "../channel/handle";
import { el, setAttributes } from "../ui/dom";
import { type Field, field } from "../ui/field";
import { LinkFields } from "./link-fields";
import { OwnerChoice } from "./owner-choice";
import { PictureChoice } from "./picture-choice";
import { editable } from "./roles";

const OF_HANDLES = ["handle_taken", "handle_reserved", "too_many_handles"];

/** What the signed-in user, or a team of his, shows everybody. Nothing is asked for before it is opened. */
export class ChannelPanel {
  readonly element: HTMLDetailsElement;
  readonly #owner = new OwnerChoice("channel-owner", "Whose channel", "Yours");
  readonly #page = el("a", {});
  readonly #avatar = new PictureChoice("avatar", "Picture");
  readonly #banner = new PictureChoice("banner", "Banner");
  readonly #name = field(
    "Name",
    el("input", { id: "channel-name", type: "text", maxlength: 80, required: true, autocomplete: "off" }),
  );
  readonly #handle = field(
    "Handle",
    el("input", {
      id: "channel-handle",
      type: "text",
      maxlength: 31,
      autocomplete: "off",
      autocapitalize: "none",
      spellcheck: "false",
    }),
    `${HANDLE_RULES} A former one leads here for 30 days.`,
  );
  readonly #description = field(
    "Description",
    el("textarea", { id: "channel-description", maxlength: 1000, rows: 4 }),
  );
  readonly #links = new LinkFields();
  readonly #save = el("button", { type: "submit", class: "button primary" }, "Save");
  readonly #error = el("p", { class: "form-error", role: "alert", hidden: true });
  readonly #said = el("p", { class: "fold-result", role: "status", hidden: true }, "Saved.");
  readonly #whole = el("div", { class: "channel-whole", hidden: true });
  #user: User | null = null;
  #teams: Team[] = [];
  #channel: Channel | null = null;

  constructor() {
    const form = el(
      "form",
      { class: "form channel-form" },
      this.#name.element,
      this.#handle.element,
      this.#description.element,
      this.#links.element,
      el("div", { class: "form-buttons" }, this.#save),
    );
    this.#whole.append(
      el("p", { class: "fold-intro" }, this.#page),
      this.#avatar.element,
      this.#banner.element,
      form,
    );
    this.element = el(
      "details",
      { class: "section fold channel-panel" },
      el("summary", {}, el("h2", {}, "Channel")),
      this.#owner.element,
      this.#error,
      this.#said,
      this.#whole,
    );
    this.element.addEventListener("toggle", () => this.#reload());
    this.#owner.select.addEventListener("change", () => this.#reload());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#attempt(() => this.#saveChanges());
    });
  }

  useAccount(user: User | null): void {
    this.#user = user;
    this.element.open = false;
    this.#whole.hidden = true;
  }

  /** Those of teams that the user may change are offered, too. */
  useTeams(teams: Team[]): void {
    this.#teams = editable(teams);
    if (!this.#owner.offer(this.#teams)) this.#reload();
  }

  #reload(): void {
    this.#whole.hidden = true;
    if (this.element.open) void this.#attempt(() => this.#load());
  }

  async #load(): Promise<void> {
    const { owner } = this.#owner;
    const channel = await getChannel(owner ?? this.#user?.id ?? "");
    const free = channel.handle ?? (await suggestHandle(channel.id).catch(() => ""));
    if (owner !== this.#owner.owner) return; // another choice was made meanwhile
    this.#draw(channel);
    setAttributes(this.#handle.input, { placeholder: free });
    const role = this.#teams.find(({ id }) => id === owner)?.role;
    this.#name.input.disabled = owner !== null && role !== "owner";
    this.#whole.hidden = false;
  }

  #draw(channel: Channel): void {
    this.#channel = channel;
    const address = channelAddress(channel);
    setAttributes(this.#page, { href: address });
    this.#page.textContent = new URL(address, location.origin).href;
    this.#avatar.show(channel.id, channel.avatar);
    this.#banner.show(channel.id, channel.banner);
    this.#name.input.value = channel.name;
    this.#handle.input.value = channel.handle ?? "";
    this.#description.input.value = channel.description;
    this.#links.fill(channel.links);
  }

  async #saveChanges(): Promise<void> {
    const channel = this.#channel;
    const handle = readHandle(this.#handle.input.value);
    if (!channel) return;
    if (handle !== null && !isHandle(handle)) return refuse(this.#handle, "This cannot be a handle.");
    const name = this.#name.input.value.trim();
    if (name !== channel.name) {
      const { owner } = this.#owner;
      await (owner === null ? changeName(name) : renameTeam(owner, name));
    }
    this.#draw(
      await changeChannel(channel.id, {
        ...(handle === channel.handle ? {} : { handle }),
        description: this.#description.input.value.trim(),
        links: this.#links.read(),
      }),
    );
    this.#said.hidden = false;
  }

  async #attempt(task: () => Promise<void>): Promise<void> {
    this.#error.hidden = true;
    this.#said.hidden = true;
    this.#handle.complain("");
    this.#name.complain("");
    this.#save.disabled = true;
    try {
      await task();
    } catch (error) {
      this.#showError(error);
    } finally {
      this.#save.disabled = false;
    }
  }

  /** At its field, where it is one's; above the form otherwise. */
  #showError(error: unknown): void {
    const name = error instanceof ApiError && error.fieldMessage("name");
    if (error instanceof ApiError && OF_HANDLES.includes(error.code)) refuse(this.#handle, explain(error));
    else if (name) refuse(this.#name, name);
    else {
      this.#error.textContent = explain(error);
      this.#error.hidden = false;
    }
  }
}

function refuse(field: Field, why: string): void {
  field.complain(why);
  field.input.focus();
}
