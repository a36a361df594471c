import { addToPlaylist, listOwnPlaylists, makePlaylist, removeItem } from "../api/playlists";
import { currentUser, onUserChange } from "../api/session";
import { listTeams } from "../api/teams";
import type { OwnPlaylist, User } from "../api/types";
import { OwnerChoice } from "../home/owner-choice";
import { editable } from "../home/roles";
import { attempt } from "../ui/attempt";
import { el } from "../ui/dom";
import { icon } from "../ui/icons";
import { PLAYLIST_VISIBILITIES } from "../ui/playlists";
import { sheet } from "../ui/sheet";

/** Puts the video into playlists, and takes it out: a button, and the dialog that it opens. */
export class SaveDialog {
  readonly button = el("button", { type: "button", class: "button" }, icon("save"), "Save");
  readonly #dialog: HTMLDialogElement;
  readonly #owner = new OwnerChoice("save-owner", "Whose playlists", "Yours");
  readonly #list = el("div", { class: "save-list" });
  readonly #more = el("button", { type: "button", class: "button small", hidden: true }, "Show more");
  readonly #title = el("input", {
    id: "save-title",
    type: "text",
    maxlength: 100,
    required: true,
    autocomplete: "off",
  });
  readonly #visibility = el(
    "select",
    { id: "save-visibility", "aria-label": "Who can see it" },
    ...PLAYLIST_VISIBILITIES.map(([value, label]) => el("option", { value }, label)),
  );
  readonly #error = el("p", { class: "form-error", role: "alert", hidden: true });
  readonly #video: string;
  #cursor: string | null = null;

  constructor(video: string) {
    this.#video = video;
    const form = el(
      "form",
      { class: "field save-form" },
      el("label", { for: "save-title" }, "A new playlist"),
      this.#title,
      this.#visibility,
      el("button", { type: "submit", class: "button" }, "Make and save"),
    );
    this.#dialog = sheet(
      el("h2", { id: "save-heading" }, "Save to …"),
      this.#owner.element,
      this.#error,
      this.#list,
      this.#more,
      form,
    );
    document.body.append(this.#dialog);
    this.#visibility.value = "private";
    this.button.addEventListener("click", () => this.#open());
    this.#owner.select.addEventListener("change", () => void attempt(this.#error, () => this.#load()));
    this.#more.addEventListener("click", () => void attempt(this.#error, () => this.#loadMore()));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void attempt(this.#error, () => this.#make());
    });
    onUserChange((user) => this.#useAccount(user));
    void currentUser()
      .catch(() => null)
      .then((user) => this.#useAccount(user));
  }

  #useAccount(user: User | null): void {
    this.button.disabled = user === null;
    this.button.title = user ? "" : "Sign in to save it";
  }

  #open(): void {
    this.#dialog.showModal();
    void attempt(this.#error, async () => {
      this.#owner.offer(editable(await listTeams()));
      await this.#load();
    });
  }

  async #load(): Promise<void> {
    this.#cursor = null;
    this.#list.replaceChildren();
    await this.#loadMore();
  }

  async #loadMore(): Promise<void> {
    const { owner } = this.#owner;
    const page = await listOwnPlaylists({ owner, video: this.#video, cursor: this.#cursor });
    if (owner !== this.#owner.owner) return; // another choice was made meanwhile
    this.#cursor = page.next_cursor;
    this.#more.hidden = this.#cursor === null;
    this.#list.append(...page.items.map((playlist) => this.#row(playlist, playlist.item_id)));
  }

  async #make(): Promise<void> {
    const visibility = this.#visibility.value as OwnPlaylist["visibility"];
    const { owner } = this.#owner;
    const playlist = await makePlaylist({
      title: this.#title.value.trim(),
      description: "",
      visibility,
      owner,
    });
    this.#title.value = "";
    const item = await addToPlaylist(playlist.id, this.#video);
    this.#list.prepend(this.#row(playlist, item.id));
  }

  #row(playlist: Pick<OwnPlaylist, "id" | "title" | "visibility">, held: string | null): HTMLElement {
    let item = held;
    const box = el("input", { type: "checkbox", checked: held !== null });
    const turn = async () => {
      if (item === null) item = (await addToPlaylist(playlist.id, this.#video)).id;
      else {
        await removeItem(playlist.id, item);
        item = null;
      }
    };
    box.addEventListener("change", async () => {
      box.disabled = true;
      await attempt(this.#error, turn);
      box.disabled = false;
      box.checked = item !== null;
      box.focus();
    });
    const mark =
      playlist.visibility === "public" ? null : playlist.visibility === "private" ? "lock" : "link";
    return el("label", { class: "save-row" }, box, el("span", {}, playlist.title), mark && icon(mark));
  }
}
