import type { Visibility } from "../api/types";
import { el } from "../ui/dom";
import type { UploadDetails } from "../upload/upload";

const VISIBILITIES: [Visibility, string][] = [
  ["public", "Public: everybody finds it"],
  ["unlisted", "Unlisted: whoever has the link"],
  ["private", "Private: only you"],
];

/** The fields of a video's title, description and visibility, for uploading and for editing. */
export interface DetailFields {
  elements: HTMLElement[];
  fill(details: UploadDetails): void;
  read(): UploadDetails;
}

export function detailFields(prefix: string): DetailFields {
  const id = (name: string) => `${prefix}-${name}`;
  const title = el("input", {
    id: id("title"),
    type: "text",
    maxlength: 100,
    required: true,
    autocomplete: "off",
  });
  const description = el("textarea", { id: id("description"), maxlength: 1000, rows: 3 });
  const options = VISIBILITIES.map(([value, label]) => el("option", { value }, label));
  const visibility = el("select", { id: id("visibility") }, ...options);
  const field = (name: string, label: string, input: HTMLElement) =>
    el("div", { class: "field" }, el("label", { for: id(name) }, label), input);
  return {
    elements: [
      field("title", "Title", title),
      field("description", "Description", description),
      field("visibility", "Who can watch", visibility),
    ],
    fill(details) {
      title.value = details.title;
      description.value = details.description;
      visibility.value = details.visibility;
    },
    read: () => ({
      title: title.value.trim(),
      description: description.value.trim(),
      visibility: visibility.value as Visibility,
    }),
  };
}
