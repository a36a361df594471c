import { canUsePasskeys } from "../api/passkeys";
import {
  beginTotp,
  confirmTotp,
  departToLink,
  getSecondFactor,
  listLinks,
  listPasskeys,
  registerPasskey,
  removeLink,
  removePasskey,
  renewRecoveryCodes,
  turnOffTotp,
} from "../api/security";
import { listProviders, renewToken } from "../api/session";
import type { LinkedSignIn, Passkey, Proof, Provider, SecondFactorState, TotpSecret } from "../api/types";
import { attempt } from "../ui/attempt";
import { el } from "../ui/dom";
import { proofForm } from "../ui/proof-form";
import { ago } from "../ui/words";
import { rememberLinking } from "./come-back";
import { qrCode } from "./qr-code";
import { recoveryCodes } from "./recovery-codes";

/** How the signed-in user signs in, and where he changes it. Nothing is asked for before it is opened. */
export class SecurityPanel {
  readonly element: HTMLDetailsElement;
  readonly #error = el("p", { class: "form-error", role: "alert", hidden: true });
  readonly #made = el("div");
  readonly #app = el("li", { class: "entry" });
  readonly #codes = el("li", { class: "entry" });
  readonly #passkeys = el("ul", { class: "entries" });
  readonly #addPasskey = el("button", { type: "button", class: "button" }, "Add a passkey");
  readonly #newPasskey = el("div", { class: "form" }, canUsePasskeys() && this.#addPasskey);
  readonly #links = el("ul", { class: "entries" });
  readonly #linked = el("div", { hidden: true }, el("h3", {}, "Linked sign-ins"), this.#links);
  /** The one form that is open at a time, below what it is about. */
  #form: HTMLElement | null = null;

  constructor() {
    this.element = el(
      "details",
      { class: "section fold security-panel" },
      el("summary", {}, el("h2", {}, "Signing in")),
      el("p", { class: "fold-intro" }, "What a stolen password is worth depends on what else is asked for."),
      this.#error,
      this.#made,
      el("ul", { class: "entries" }, this.#app, this.#codes),
      el("h3", {}, "Passkeys"),
      el(
        "p",
        { class: "fold-intro" },
        "Sign in by finger, face or PIN. A passkey cannot be guessed or phished.",
      ),
      this.#passkeys,
      this.#newPasskey,
      this.#linked,
    );
    this.element.addEventListener("toggle", () => {
      if (this.element.open) void attempt(this.#error, () => this.#load());
    });
    this.#addPasskey.addEventListener("click", () => this.#askPasskeyName());
  }

  /** Goes on with a link that began before the browser was at the provider. */
  resume(link: () => Promise<void>): void {
    this.element.open = true;
    this.element.scrollIntoView();
    void this.#change(link);
  }

  /** Forgets what it shows: somebody else may look at the page now. */
  close(): void {
    this.element.open = false;
    this.#made.replaceChildren();
    this.#passkeys.replaceChildren();
    this.#openForm(null);
  }

  async #load(): Promise<void> {
    const [state, passkeys, links, providers] = await Promise.all([
      getSecondFactor(),
      listPasskeys(),
      listLinks(),
      listProviders(),
    ]);
    this.#linked.hidden = links.length + providers.length === 0;
    this.#links.replaceChildren(
      ...links.map((link) => this.#linkRow(link)),
      ...providers.map((provider) => this.#providerRow(provider)),
    );
    this.#showApp(state);
    this.#showCodes(state);
    this.#passkeys.replaceChildren(...passkeys.map((passkey) => this.#row(passkey)));
  }

  #showApp({ totp }: SecondFactorState): void {
    const change = totp
      ? button("Turn off", "danger", () => this.#ask(this.#app, "Turn off", turnOffTotp))
      : button("Set up", "", () => this.#ask(this.#app, "Set up", (proof) => this.#beginTotp(proof)));
    const fact = totp
      ? "On: signing in asks for a code."
      : "Off. An app on your phone makes a code each time.";
    this.#app.replaceChildren(about("Codes of an app", fact), change);
  }

  #showCodes({ totp, passkeys, recovery_codes }: SecondFactorState): void {
    this.#codes.hidden = !totp && passkeys === 0;
    const renew = () =>
      this.#ask(this.#codes, "Get new ones", async (proof) => {
        const { codes } = await renewRecoveryCodes(proof);
        this.#made.replaceChildren(recoveryCodes(codes));
      });
    const fact = `${recovery_codes} left, for the day when you have lost the rest.`;
    this.#codes.replaceChildren(about("Recovery codes", fact), button("Get new ones", "", renew));
  }

  #row(passkey: Passkey): HTMLLIElement {
    const used = passkey.last_used_at ? `Last used ${ago(passkey.last_used_at)}` : "Never used";
    const row = el(
      "li",
      { class: "entry" },
      about(passkey.name, `${used} · added ${ago(passkey.created_at)}`),
    );
    const remove = button("Remove", "danger", () =>
      this.#ask(row, "Remove", (proof) => removePasskey(passkey.id, proof)),
    );
    remove.setAttribute("aria-label", `Remove ${passkey.name}`);
    row.append(remove);
    return row;
  }

  #linkRow(link: LinkedSignIn): HTMLLIElement {
    const used = link.last_used_at ? `last used ${ago(link.last_used_at)}` : "never used";
    const row = el("li", { class: "entry" }, about(link.label, `${new URL(link.issuer).host} · ${used}`));
    const remove = () => this.#ask(row, "Unlink", (proof) => removeLink(link.id, proof));
    row.append(button("Unlink", "danger", remove));
    return row;
  }

  #providerRow({ id, name }: Provider): HTMLLIElement {
    const row = el("li", { class: "entry" }, about(name, "Sign in by its word."));
    const link = (proof: Proof) => {
      rememberLinking(id);
      return departToLink(id, proof);
    };
    row.append(button("Link", "", () => this.#ask(row, "Go there", link)));
    return row;
  }

  #askPasskeyName(): void {
    const name = el("input", {
      id: "passkey-name",
      type: "text",
      required: true,
      maxlength: 80,
      placeholder: "Laptop",
    });
    const field = el("div", { class: "field" }, el("label", { for: "passkey-name" }, "Name"), name);
    const add = async (proof: Proof) => {
      const made = await registerPasskey(name.value.trim(), proof);
      if (made.recovery_codes) this.#made.replaceChildren(recoveryCodes(made.recovery_codes.codes));
    };
    this.#openForm(
      proofForm("Add", (proof) => void this.#change(() => add(proof)), field),
      this.#newPasskey,
    );
  }

  async #beginTotp(proof: Proof): Promise<HTMLElement> {
    return this.#confirmForm(await beginTotp(proof));
  }

  #confirmForm({ secret, uri }: TotpSecret): HTMLElement {
    const code = el("input", {
      id: "totp-code",
      type: "text",
      inputmode: "numeric",
      autocomplete: "one-time-code",
      required: true,
      maxlength: 10,
    });
    const form = el(
      "form",
      { class: "form proof-form" },
      el(
        "p",
        {},
        "Scan this with an authenticator app, or type the key into it. Then enter the code that it shows.",
      ),
      qrCode(uri, "QR code of the key"),
      el("code", { class: "totp-secret" }, secret.replace(/.{4}(?=.)/g, "$& ")),
      el("div", { class: "field" }, el("label", { for: "totp-code" }, "Code"), code),
      el(
        "div",
        { class: "form-buttons" },
        el("button", { type: "submit", class: "button primary" }, "Turn on"),
      ),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#change(async () => {
        const { codes } = await confirmTotp(code.value);
        this.#made.replaceChildren(recoveryCodes(codes));
      });
    });
    return form;
  }

  /** Asks for a proof below `place`, and does what it was asked for. */
  #ask(place: HTMLElement, action: string, change: (proof: Proof) => Promise<unknown>): void {
    this.#openForm(
      proofForm(action, (proof) => void this.#change(() => change(proof), place)),
      place,
    );
  }

  /** Makes a change and shows what is so now; an element that it gives is the next form. */
  async #change(change: () => Promise<unknown>, place?: HTMLElement): Promise<void> {
    await attempt(this.#error, async () => {
      const next = await change();
      await renewToken(); // it says whether there is a second factor, which makes an administrator one
      await this.#load();
      this.#openForm(next instanceof HTMLElement ? next : null, place);
    });
  }

  #openForm(form: HTMLElement | null, place?: HTMLElement): void {
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

function button(label: string, kind: string, onClick: () => void): HTMLButtonElement {
  const made = el("button", { type: "button", class: `button small ${kind}`.trim() }, label);
  made.addEventListener("click", onClick);
  return made;
}
