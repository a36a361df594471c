import { el } from "../ui/dom";

/** Where a film lies on the web, for whoever has it there. */
export class AddressForm {
  readonly element: HTMLFormElement;

  constructor(onAddress: (url: string) => void) {
    const input = el("input", {
      id: "upload-address",
      type: "url",
      required: true,
      maxlength: 2000,
      pattern: "[Hh][Tt][Tt][Pp][Ss]?://.+",
      title: "An address that begins with https:// or http://",
      placeholder: "https://…",
      autocomplete: "off",
    });
    const label = el("label", { for: "upload-address" }, "or fetch it from an address");
    const submit = el("button", { type: "submit", class: "button" }, "Fetch");
    this.element = el("form", { class: "field address-form" }, label, input, submit);
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      onAddress(new URL(input.value).href);
    });
  }
}
