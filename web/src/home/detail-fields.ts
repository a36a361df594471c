import type { Visibility, VisibilityChoice } from "../api/types";
import { el } from "../ui/dom";
import { chooseLanguage, offerLanguages } from "../ui/language-options";
import type { UploadDetails } from "../upload/upload";
import { TagField } from "./tag-field";

const CHOICES: [VisibilityChoice, string][] = [
  ["public", "Public: everybody finds it"],
  ["unlisted", "Unlisted: whoever has the link"],
  ["private", "Private: only its owner, and those it is shared with"],
  ["signed", "Signed: whoever has a link that you signed"],
];

const UNSAID = "und";

/** The fields of what a video is called and is about, and who can watch it, for uploading and for editing. */
export interface DetailFields {
  elements: HTMLElement[];
  fill(details: Details): void;
  read(): UploadDetails;
  /** The password where that is chosen, empty where the present one stays; null where another choice was made. */
  readPassword(): string | null;
}

export type Details = Omit<UploadDetails, "visibility"> & { visibility: Visibility };

/** Of a film of which nothing is known but its title. */
export function newDetails(title: string): Details {
  return { title, description: "", tags: [], language: UNSAID, visibility: "public" };
}

/** `lockable`: whether it can be given a password, which a video can that exists. */
export function detailFields(prefix: string, { lockable = false } = {}): DetailFields {
  const id = (name: string) => `${prefix}-${name}`;
  const title = el("input", {
    id: id("title"),
    type: "text",
    maxlength: 100,
    required: true,
    autocomplete: "off",
  });
  const description = el("textarea", { id: id("description"), maxlength: 1000, rows: 3 });
  const tags = new TagField(id("tags"));
  const language = el("select", { id: id("language") }, el("option", { value: UNSAID }, "Not said"));
  offerLanguages(language);
  const options = CHOICES.map(([value, label]) => el("option", { value }, label));
  if (lockable) options.push(el("option", { value: "password" }, "Password: whoever knows it"));
  const visibility = el("select", { id: id("visibility") }, ...options);
  const password = el("input", {
    id: id("password"),
    type: "text",
    minlength: 8,
    maxlength: 128,
    autocomplete: "off",
  });
  const field = (name: string, label: string, input: HTMLElement) =>
    el("div", { class: "field" }, el("label", { for: id(name) }, label), input);
  const passwordField = field("password", "Password", password);
  let isLocked = false;
  const showPassword = () => {
    const isChosen = visibility.value === "password";
    passwordField.hidden = !isChosen;
    password.disabled = !isChosen; // what is hidden is not judged
    password.required = isChosen && !isLocked;
    password.placeholder = isLocked ? "As it is" : "";
  };
  visibility.addEventListener("change", showPassword);
  return {
    elements: [
      field("title", "Title", title),
      field("description", "Description", description),
      tags.element,
      field("language", "Language", language),
      field("visibility", "Who can watch", visibility),
      ...(lockable ? [passwordField] : []),
    ],
    fill(details) {
      title.value = details.title;
      description.value = details.description;
      tags.tags = details.tags;
      chooseLanguage(language, details.language);
      visibility.value = details.visibility;
      password.value = "";
      isLocked = details.visibility === "password";
      showPassword();
    },
    read: () => ({
      title: title.value.trim(),
      description: description.value.trim(),
      tags: tags.tags,
      language: language.value,
      visibility: visibility.value as VisibilityChoice,
    }),
    readPassword: () => (visibility.value === "password" ? password.value : null),
  };
}
