import { changePlaylist, deletePlaylist, listOwnPlaylists, makePlaylist } from "../api/playlists";
import type { Playlist, Team } from "../api/types";
import { attempt } from "../ui/attempt";
import { el } from "../ui/dom";
import { PLAYLIST_VISIBILITIES } from "../ui/playlists";
import { sureButton } from "../ui/sure-button";
import { plural } from "../ui/words";
import { OwnerChoice } from "./owner-choice";
import { PlaylistItems } from "./playlist-items";
import { editable } from "./roles";

/** The playlists of the signed-in user and of teams of his. Nothing is asked for before it is opened. */
export class PlaylistsPanel {
  readonly element: HTMLDetailsElement;
  readonly #owner = new OwnerChoice("playlists-owner", "Whose playlists", "Yours");
  readonly #list = el("div", { class: "playlists" });
  readonly #more = el("button", { type: "button", class: "button more", hidden: true }, "Show more");
  readonly #title = el("input", {
    id: "playlist-name",
    type: "text",
    maxlength: 100,
    required: true,
    autocomplete: "off",
  });
  readonly #error = el("p", { class: "form-error", role: "alert", hidden: true });
  #cursor: string | null = null;

  constructor() {
    const form = el(
      "form",
      { class: "field team-form" },
      el("label", { for: "playlist-name" }, "Name of a new playlist"),
      this.#title,
      el("button", { type: "submit", class: "button primary" }, "Make playlist"),
    );
    this.element = el(
      "details",
      { class: "section fold playlists-panel" },
      el("summary", {}, el("h2", {}, "Playlists")),
      this.#owner.element,
      this.#error,
      this.#list,
      this.#more,
      form,
    );
    this.element.addEventListener("toggle", () => this.#reload());
    this.#owner.select.addEventListener("change", () => this.#reload());
    this.#more.addEventListener("click", () => void attempt(this.#error, () => this.#loadMore()));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void attempt(this.#error, () => this.#make());
    });
  }

  /** Those of teams that the user may arrange are offered, too. */
  useTeams(teams: Team[]): void {
    this.#owner.offer(editable(teams));
    this.#reload();
  }

  /** Forgets what it shows: somebody else may look at the page now. */
  close(): void {
    this.element.open = false;
    this.#list.replaceChildren();
  }

  #reload(): void {
    this.#cursor = null;
    this.#list.replaceChildren();
    if (this.element.open) void attempt(this.#error, () => this.#loadMore());
  }

  async #loadMore(): Promise<void> {
    const { owner } = this.#owner;
    const page = await listOwnPlaylists({ owner, cursor: this.#cursor });
    if (owner !== this.#owner.owner) return; // another choice was made meanwhile
    this.#cursor = page.next_cursor;
    this.#more.hidden = this.#cursor === null;
    this.#list.append(...page.items.map((playlist) => this.#row(playlist)));
  }

  async #make(): Promise<void> {
    const { owner } = this.#owner;
    const title = this.#title.value.trim();
    const playlist = await makePlaylist({ title, description: "", visibility: "private", owner });
    this.#title.value = "";
    this.#list.prepend(this.#row(playlist));
  }

  #row(playlist: Playlist): HTMLElement {
    let shown = playlist;
    const name = el("strong");
    const facts = el("span");
    const draw = (changed: Playlist) => {
      shown = changed;
      name.textContent = shown.title;
      facts.textContent = `${plural(shown.items, "video")} · ${shown.visibility}`;
    };
    draw(playlist);
    const row = el("details", { class: "team" }, el("summary", {}, name, facts));
    const open = () => {
      const attemptHere = (task: () => Promise<void>) => attempt(this.#error, task);
      const items = new PlaylistItems(playlist, attemptHere, () =>
        draw({ ...shown, items: shown.items - 1 }),
      );
      const form = playlist.kind === "list" ? this.#form(playlist, draw, () => row.remove()) : "";
      row.append(el("div", { class: "team-view" }, items.element, form));
      void attemptHere(() => items.loadMore());
    };
    row.addEventListener("toggle", open, { once: true });
    return row;
  }

  #form(playlist: Playlist, onChange: (playlist: Playlist) => void, onDeleted: () => void): HTMLElement {
    const id = (name: string) => `${name}-${playlist.id}`;
    const title = el("input", { id: id("title"), type: "text", maxlength: 100, required: true });
    const description = el("textarea", { id: id("description"), maxlength: 1000, rows: 2 });
    const visibility = el(
      "select",
      { id: id("visibility") },
      ...PLAYLIST_VISIBILITIES.map(([value, label]) => el("option", { value }, label)),
    );
    title.value = playlist.title;
    description.value = playlist.description;
    visibility.value = playlist.visibility;
    const field = (name: string, label: string, input: HTMLElement) =>
      el("div", { class: "field" }, el("label", { for: id(name) }, label), input);
    const form = el(
      "form",
      { class: "form" },
      field("title", "Title", title),
      field("description", "Description", description),
      field("visibility", "Who can see it", visibility),
      el(
        "div",
        { class: "form-buttons" },
        sureButton(
          "Delete",
          playlist.title,
          () =>
            void attempt(this.#error, async () => {
              await deletePlaylist(playlist.id);
              onDeleted();
            }),
        ),
        el("button", { type: "submit", class: "button" }, "Save"),
      ),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void attempt(this.#error, async () =>
        onChange(
          await changePlaylist(playlist.id, {
            title: title.value.trim(),
            description: description.value.trim(),
            visibility: visibility.value as Playlist["visibility"],
          }),
        ),
      );
    });
    return form;
  }
}
