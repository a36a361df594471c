import {
  askExport,
  changeEmail,
  deleteAccount,
  exportAddresses,
  foreseeDeletion,
  getExport,
} from "../api/account";
import { signOut } from "../api/session";
import type { AccountExport, Proof } from "../api/types";
import { el } from "../ui/dom";
import { proofForm } from "../ui/proof-form";
import { bytes } from "../ui/words";

const LOOK_AGAIN_MS = 2000;

/** What its panel does for it. */
interface Surroundings {
  attempt(task: () => Promise<void>): Promise<void>;
  say(sentence: string): void;
  /** The account is to be deleted on that day, and signed out. */
  onDeleted(until: string): void;
}

/** What concerns the whole account: its address, all of it as one file, its end. Each asks who it is. */
export class WholeAccount {
  readonly element: HTMLElement;
  readonly #address = el("li", { class: "entry" });
  readonly #export = el("li", { class: "entry" });
  readonly #end = el("li", { class: "entry" });
  readonly #around: Surroundings;
  #form: HTMLElement | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(around: Surroundings) {
    this.#around = around;
    this.element = el(
      "div",
      {},
      el("h3", {}, "The whole account"),
      el("ul", { class: "entries" }, this.#address, this.#export, this.#end),
    );
    this.#address.append(
      about("Another address", "A letter goes there; the address changes when its link is followed."),
      button("Change address", () => this.#askAddress()),
    );
    this.#end.append(
      about("Delete the account", "Nobody sees your videos any more, and every device is signed out."),
      button("Delete account", () => void this.#around.attempt(() => this.#askDeletion()), "danger"),
    );
  }

  /** Shows how far the export is, again and again while it is being made. */
  async load(): Promise<void> {
    clearTimeout(this.#timer);
    const found = await getExport();
    this.#export.replaceChildren(...this.#exportRow(found));
    if (found?.state === "making") {
      this.#timer = setTimeout(() => void this.#around.attempt(() => this.load()), LOOK_AGAIN_MS);
    }
  }

  /** Forgets what it shows. */
  close(): void {
    clearTimeout(this.#timer);
    this.#open(null);
    this.#export.replaceChildren();
  }

  #exportRow(found: AccountExport | null): HTMLElement[] {
    const ask = button(found?.state === "ready" ? "Export again" : "Export", () => this.#askExport());
    if (found?.state === "making") return [about("Your data", `Being put together: ${found.percent} %.`)];
    if (found?.state === "failed") return [about("Your data", "The last export was not completed."), ask];
    if (found?.state !== "ready") return [about("Your data", "All that is yours as one ZIP archive."), ask];
    const until = found.expires_at?.slice(0, 10) ?? "";
    const fetchIt = button("Download", () => this.#askDownload());
    return [
      about("Your data", `${bytes(found.size ?? 0)}, to be fetched until ${until}.`),
      el("div", { class: "form-buttons" }, fetchIt, ask),
    ];
  }

  #askAddress(): void {
    const input = el("input", {
      id: "new-address",
      type: "email",
      required: true,
      maxlength: 254,
      autocomplete: "email",
    });
    const field = el("div", { class: "field" }, el("label", { for: "new-address" }, "New address"), input);
    this.#ask(this.#address, "Send the letter", [field], async (proof) => {
      await changeEmail(input.value.trim(), proof);
      this.#around.say(`A letter is on its way to ${input.value.trim()}.`);
    });
  }

  #askExport(): void {
    const files = el("input", { type: "checkbox" });
    const label = el("label", { class: "check" }, files, "With the uploaded files");
    this.#ask(this.#export, "Export", [label], async (proof) => {
      await askExport(files.checked, proof);
      await this.load();
    });
  }

  #askDownload(): void {
    this.#ask(this.#export, "Download", [], async (proof) => {
      const urls = await exportAddresses(proof);
      if (urls[0] && urls.length === 1) {
        location.assign(urls[0]);
        return;
      }
      this.#export.replaceChildren(
        archives(urls),
        button("New links", () => this.#askDownload()),
      );
      this.#export.querySelector("a")?.focus();
    });
  }

  async #askDeletion(): Promise<void> {
    const until = await foreseeDeletion();
    const hint = `You can sign in and keep it until ${until}. Then everything is deleted for good: videos, comments, playlists, all of it.`;
    this.#ask(this.#end, "Delete my account", [el("p", { class: "form-hint" }, hint)], async (proof) => {
      const { erase_at } = await deleteAccount(proof);
      await signOut().catch(() => null); // the server has done so already
      this.#around.onDeleted(erase_at.slice(0, 10));
    });
  }

  #ask(
    place: HTMLElement,
    action: string,
    fields: HTMLElement[],
    act: (proof: Proof) => Promise<void>,
  ): void {
    const form = proofForm(
      action,
      (proof) =>
        void this.#around.attempt(async () => {
          await act(proof);
          this.#open(null);
        }),
      ...fields,
    );
    this.#open(form, place);
  }

  #open(form: HTMLElement | null, place?: HTMLElement): void {
    this.#form?.remove();
    this.#form = form;
    if (!form) return;
    place?.append(form);
    form.querySelector("input")?.focus();
  }
}

function about(title: string, fact: string): HTMLElement {
  return el("div", { class: "entry-about" }, el("strong", {}, title), el("p", {}, fact));
}

/** They are large: each is fetched when it is wanted, the later ones by new links. */
function archives(urls: string[]): HTMLElement {
  const links = urls.map((url, index) =>
    el("li", {}, el("a", { href: url, class: "button small" }, `Archive ${index + 1} of ${urls.length}`)),
  );
  return el(
    "div",
    { class: "entry-about" },
    el("strong", {}, "Your data"),
    el("p", {}, "These links hold for five minutes; what has begun by then goes on."),
    el("ul", { class: "archives" }, ...links),
  );
}

function button(label: string, onClick: () => void, kind = ""): HTMLButtonElement {
  const made = el("button", { type: "button", class: `button small ${kind}`.trim() }, label);
  made.addEventListener("click", onClick);
  return made;
}
