import { createApiKey, listApiKeys, revokeApiKey } from "../api/api-keys";
import type { ApiKey, NewApiKey } from "../api/types";
import { attempt } from "../ui/attempt";
import { el } from "../ui/dom";
import { passwordField } from "../ui/password-field";
import { proofOf } from "../ui/proof-form";
import { keyFacts, works } from "./key-facts";

const SCOPES: [NewApiKey["scopes"][number], string, boolean][] = [
  ["uploads:write", "Upload new videos", true],
  ["videos:read", "See and play your videos", true],
  ["videos:write", "Change and delete videos", false],
  ["playlists:read", "See your playlists", false],
  ["playlists:write", "Make and arrange playlists", false],
  ["account:read", "See your account and quota", false],
];
const LIFETIMES: [string, string][] = [
  ["30", "In 30 days"],
  ["90", "In 90 days"],
  ["365", "In a year"],
  ["", "Never"],
];

/** Where the signed-in user makes, sees and revokes API keys. Nothing is asked for before it is opened. */
export class ApiKeysPanel {
  readonly element: HTMLDetailsElement;
  readonly #list = el("ul", { class: "entries" });
  readonly #more = el("button", { type: "button", class: "button more", hidden: true }, "Show more");
  readonly #name = el("input", {
    id: "key-name",
    type: "text",
    maxlength: 80,
    required: true,
    autocomplete: "off",
    placeholder: "What is it for?",
  });
  readonly #scopes = SCOPES.map(([value, , checked]) =>
    el("input", { type: "checkbox", name: "scope", value, checked }),
  );
  readonly #lifetime = el(
    "select",
    { id: "key-lifetime" },
    ...LIFETIMES.map(([value, label]) => el("option", { value, selected: value === "90" }, label)),
  );
  readonly #proof = el("input", {
    id: "key-proof",
    type: "password",
    autocomplete: "current-password",
    maxlength: 128,
  });
  readonly #make = el("button", { type: "submit", class: "button primary" }, "Make key");
  readonly #made = el("div", { class: "fold-result", role: "status", hidden: true });
  readonly #error = el("p", { class: "form-error", role: "alert", hidden: true });
  #cursor: string | null = null;

  constructor() {
    const scopes = el(
      "fieldset",
      { class: "key-scopes" },
      el("legend", {}, "It may"),
      ...SCOPES.map(([, label], index) => el("label", {}, this.#scopes[index], label)),
    );
    const form = el(
      "form",
      { class: "form key-form" },
      field("key-name", "Name", this.#name),
      scopes,
      field("key-lifetime", "It expires", this.#lifetime),
      passwordField("Your password, or a code", this.#proof).element,
      el("div", { class: "form-buttons" }, this.#make),
    );
    const intro =
      "A server or script that sends a key acts as you, within what the key may. It needs no password and can make no other keys.";
    this.element = el(
      "details",
      { class: "section fold key-panel" },
      el("summary", {}, el("h2", {}, "API keys")),
      el("p", { class: "fold-intro" }, intro),
      this.#error,
      this.#made,
      this.#list,
      this.#more,
      form,
    );
    this.element.addEventListener("toggle", () => {
      if (this.element.open) void this.#attempt(() => this.#load());
    });
    this.#more.addEventListener("click", () => void this.#attempt(() => this.#loadMore()));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#attempt(() => this.#create());
    });
  }

  /** Forgets what it shows: somebody else may look at the page now. */
  close(): void {
    this.element.open = false;
    this.#list.replaceChildren();
    this.#made.replaceChildren();
    this.#made.hidden = true;
  }

  async #load(): Promise<void> {
    this.#cursor = null;
    this.#list.replaceChildren();
    await this.#loadMore();
  }

  async #loadMore(): Promise<void> {
    const page = await listApiKeys(this.#cursor);
    this.#cursor = page.next_cursor;
    this.#more.hidden = this.#cursor === null;
    this.#list.append(...page.items.map((key) => this.#row(key)));
  }

  async #create(): Promise<void> {
    const scopes = SCOPES.map(([scope]) => scope).filter((_, index) => this.#scopes[index]?.checked);
    const days = this.#lifetime.value;
    const key = await createApiKey({
      name: this.#name.value.trim(),
      scopes,
      expires_in_days: days ? Number(days) : null,
      ...proofOf(this.#proof.value),
    });
    this.#name.value = this.#proof.value = "";
    this.#list.prepend(this.#row(key));
    this.#showSecret(key.secret);
  }

  #showSecret(secret: string): void {
    const shown = el("input", { type: "text", readonly: true, value: secret, "aria-label": "The new key" });
    const copy = el("button", { type: "button", class: "button" }, "Copy");
    copy.addEventListener("click", async () => {
      shown.select(); // plain http on a local network has no clipboard for scripts
      await navigator.clipboard?.writeText(secret);
      if (navigator.clipboard) copy.textContent = "Copied";
    });
    this.#made.replaceChildren(
      el("p", {}, "Copy the key now. It is not stored and will not be shown again."),
      el("div", { class: "key-secret" }, shown, copy),
    );
    this.#made.hidden = false;
    shown.select();
  }

  #row(key: ApiKey): HTMLLIElement {
    const living = works(key);
    const row = el(
      "li",
      { class: "entry", "data-ended": !living },
      el(
        "div",
        { class: "entry-about" },
        el("strong", {}, key.name),
        el("code", {}, `${key.prefix}…`),
        el("p", {}, key.scopes.join(" · ")),
        el("p", {}, keyFacts(key)),
      ),
    );
    if (living) row.append(this.#revokeButton(key, row));
    return row;
  }

  /** Asks a second time, on the same button. */
  #revokeButton(key: ApiKey, row: HTMLLIElement): HTMLButtonElement {
    const label = `Revoke ${key.name}`;
    const button = el(
      "button",
      { type: "button", class: "button danger small", "aria-label": label },
      "Revoke",
    );
    let sure = false;
    button.addEventListener("click", () => {
      if (!sure) {
        sure = true;
        button.textContent = "Really revoke?";
        button.removeAttribute("aria-label");
        return;
      }
      void this.#attempt(async () => {
        await revokeApiKey(key.id);
        row.replaceWith(this.#row({ ...key, revoked_at: new Date().toISOString() }));
      });
    });
    return button;
  }

  async #attempt(task: () => Promise<void>): Promise<void> {
    this.#make.disabled = true;
    await attempt(this.#error, task);
    this.#make.disabled = false;
  }
}

function field(id: string, label: string, input: HTMLElement): HTMLElement {
  return el("div", { class: "field" }, el("label", { for: id }, label), input);
}
