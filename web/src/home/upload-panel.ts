import { ApiError, explain, isAbort } from "../api/http";
import { randomKey } from "../api/random-key";
import type { Team, User, Video, VideoSummary } from "../api/types";
import { importVideo } from "../api/videos";
import { el } from "../ui/dom";
import { bytes } from "../ui/words";
import { titleFrom } from "../upload/title";
import {
  beginUpload,
  cancelUpload,
  findUnfinished,
  finishUpload,
  fits,
  isUnfinished,
  type UploadDetails,
} from "../upload/upload";
import { AddressForm } from "./address-form";
import { detailFields, newDetails } from "./detail-fields";
import { DropZone } from "./drop-zone";
import { OwnerChoice } from "./owner-choice";
import { editable } from "./roles";
import { UploadProgress } from "./upload-progress";

type Step = "choose" | "describe" | "send";

/** From a film on the visitor's disk to its watch page: choose, describe, send, with pause and resume. */
export class UploadPanel {
  readonly element: HTMLElement;
  readonly #drop = new DropZone((file) => void this.#takeFile(file));
  readonly #addressForm = new AddressForm((url) => this.#takeAddress(url));
  readonly #owner = new OwnerChoice("upload-owner", "Whose it is", "Yours");
  readonly #fields = detailFields("upload");
  readonly #progress = new UploadProgress();
  readonly #form: HTMLFormElement;
  readonly #submit = el("button", { type: "submit", class: "button primary" }, "Upload");
  readonly #sending: HTMLElement;
  readonly #name = el("p", { class: "upload-name" });
  readonly #error = el("p", { class: "form-error", role: "alert", hidden: true });
  readonly #pause = el("button", { type: "button", class: "button" });
  #user: User | null = null;
  #file: File | null = null;
  /** Where the film is to be fetched from, instead of a file. */
  #address: string | null = null;
  #video: VideoSummary | null = null;
  /** The unfinished upload that the next chosen file is to continue. */
  #resuming: VideoSummary | null = null;
  #key = randomKey();
  /** The user was told that this file is there, and wants it all the same. */
  #again = false;
  #transfer: AbortController | null = null;

  constructor() {
    const back = el("button", { type: "button", class: "button quiet" }, "Another film");
    const cancel = el("button", { type: "button", class: "button quiet" }, "Cancel");
    const buttons = el("div", { class: "form-buttons" }, back, this.#submit);
    this.#form = el("form", { class: "form" }, this.#owner.element, ...this.#fields.elements, buttons);
    const controls = el("div", { class: "form-buttons" }, cancel, this.#pause);
    this.#sending = el("div", { class: "upload-sending" }, this.#progress.element, controls);
    const choice = [this.#drop.element, this.#addressForm.element];
    const parts = [...choice, this.#name, this.#form, this.#sending, this.#error];
    this.element = el("section", { class: "upload-panel", "aria-label": "Upload a film" }, ...parts);
    back.addEventListener("click", () => this.#show("choose"));
    cancel.addEventListener("click", () => void this.#cancel());
    this.#pause.addEventListener("click", () => this.#pauseOrResume());
    this.#form.addEventListener("input", () => {
      this.#key = randomKey(); // another request: the same key would be refused
    });
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#begin();
    });
    window.addEventListener("beforeunload", (event) => {
      if (this.#transfer) event.preventDefault();
    });
    this.#show("choose");
  }

  useAccount(user: User | null): void {
    this.#transfer?.abort();
    this.#user = user;
    this.#show("choose");
  }

  useTeams(teams: Team[]): void {
    this.#owner.offer(editable(teams));
  }

  /** Lets the user choose the file again whose upload `video` began, here or on another device. */
  offerResume(video: VideoSummary): void {
    if (this.#transfer) {
      this.#say("One upload at a time, please: another one is under way.");
      return;
    }
    this.#show("choose");
    this.#resuming = video;
    this.#say(`Choose “${video.filename}” (${bytes(video.filesize)}) to go on with its upload.`);
    this.element.scrollIntoView({ block: "center" });
    this.#drop.choose();
  }

  async #takeFile(file: File): Promise<void> {
    const user = this.#user;
    if (!user) return;
    if (file.size === 0) return this.#say("This file is empty.");
    const resuming = this.#resuming;
    if (resuming && !fits(resuming, file)) {
      return this.#say(`That is another file: “${resuming.filename}” has ${bytes(resuming.filesize)}.`);
    }
    this.#file = file;
    this.#key = randomKey();
    this.#again = false;
    this.#name.textContent = `${file.name} · ${bytes(file.size)}`;
    const unfinished = resuming ?? (await findUnfinished(user.id, file).catch(() => null));
    if (unfinished) return this.#send(unfinished);
    this.#fields.fill(newDetails(titleFrom(file.name)));
    this.#show("describe");
  }

  #takeAddress(url: string): void {
    this.#address = url;
    this.#key = randomKey();
    this.#name.textContent = url;
    const name = new URL(url).pathname.split("/").pop();
    this.#fields.fill(newDetails(titleFrom(decoded(name || url))));
    this.#show("describe");
  }

  async #begin(): Promise<void> {
    const [user, file, url] = [this.#user, this.#file, this.#address];
    this.#submit.disabled = true;
    try {
      if (url) this.#leaveFor(await importVideo({ ...this.#described(), url }, this.#key));
      else if (user && file) {
        const video = await beginUpload(user.id, file, this.#described(), this.#key, this.#again);
        if (isUnfinished(video)) await this.#send(video);
        else this.#leaveFor(video);
      }
    } catch (error) {
      if (error instanceof ApiError && error.code === "duplicate_file") this.#offerAgain(error);
      else this.#say(explain(error));
    } finally {
      this.#submit.disabled = false;
    }
  }

  #described(): UploadDetails {
    return { ...this.#fields.read(), owner: this.#owner.owner };
  }

  async #send(video: VideoSummary): Promise<void> {
    const [user, file] = [this.#user, this.#file];
    if (!user || !file) return;
    this.#video = video;
    this.#show("send");
    this.#progress.restart();
    const transfer = new AbortController();
    this.#setTransfer(transfer);
    const onProgress = (sent: number) => this.#progress.draw(sent, file.size);
    try {
      const finished = await finishUpload(user.id, video.id, file, onProgress, transfer.signal);
      this.#setTransfer(null);
      this.#leaveFor(finished);
    } catch (error) {
      if (this.#transfer === transfer) this.#setTransfer(null);
      if (!isAbort(error)) this.#say(explain(error));
    }
  }

  #offerAgain(refusal: ApiError): void {
    const present = el("a", { href: `/watch/${refusal.problem.existing}` }, "See it");
    this.#say("This very film is among your videos already. ");
    this.#error.append(
      present,
      ", or press Upload once more to have a second one: nothing needs to be sent.",
    );
    this.#again = true;
    this.#key = randomKey();
  }

  #leaveFor(video: Video): void {
    location.assign(`/watch/${video.id}?autoplay`);
  }

  #pauseOrResume(): void {
    if (this.#transfer) {
      this.#transfer.abort();
      this.#setTransfer(null);
    } else if (this.#video) {
      void this.#send(this.#video);
    }
  }

  async #cancel(): Promise<void> {
    this.#transfer?.abort();
    this.#setTransfer(null);
    const [user, video, file] = [this.#user, this.#video, this.#file];
    this.#show("choose");
    if (user && video && file) {
      await cancelUpload(user.id, video.id, file).catch((error) => this.#say(explain(error)));
    }
  }

  #setTransfer(transfer: AbortController | null): void {
    this.#transfer = transfer;
    this.#pause.textContent = transfer ? "Pause" : "Continue";
    this.#sending.toggleAttribute("data-running", transfer !== null);
    if (transfer) this.#say("");
  }

  #show(step: Step): void {
    this.element.dataset.step = step;
    this.#drop.element.hidden = step !== "choose";
    this.#addressForm.element.hidden = step !== "choose";
    this.#submit.textContent = this.#address ? "Fetch" : "Upload";
    this.#form.hidden = step !== "describe";
    this.#sending.hidden = step !== "send";
    this.#name.hidden = step === "choose";
    if (step === "choose") {
      [this.#file, this.#address, this.#video, this.#resuming] = [null, null, null, null];
    }
    this.#say("");
  }

  #say(message: string): void {
    this.#error.textContent = message;
    this.#error.hidden = message === "";
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a percent sign that means itself
  }
}
