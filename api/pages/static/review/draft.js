// What the reviewer is about to say. Each change is kept by the service a moment later, and can be undone.

import { call } from "../service.js";

const PAUSE = 400;
const AGAIN = 4000;

export class Draft extends EventTarget {
  #past = [];
  #timer = null;
  #saving = null;
  #dirty = false;

  constructor(documentId, kept, empty) {
    super();
    this.path = `/v1/documents/${documentId}/draft`;
    this.id = kept.id;
    this.version = kept.version;
    this.empty = empty;
    // Whatever model was in use when it was begun: what is shown now is this one's prediction.
    this.content = { ...structuredClone(empty), ...(kept.content ?? {}), model: empty.model };
    this.state = kept.version ? "saved" : "";
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canSend() {
    return Object.keys(this.content.criteria).length + Object.keys(this.content.passages).length + this.content.evidence.length > 0;
  }

  /** Change the content. Changes of one kind that follow each other, such as letters of a note, are undone together. */
  change(mutate, kind = null) {
    const last = this.#past.at(-1);
    if (kind === null || last?.kind !== kind) this.#past.push({ kind, content: structuredClone(this.content) });
    mutate(this.content);
    this.#changed();
  }

  undo() {
    const last = this.#past.pop();
    if (!last) return;
    this.content = { ...last.content, seen: this.content.seen };
    this.#changed();
  }

  /** Take what another window has kept, in place of what is here. */
  take(kept) {
    this.#past.push({ kind: null, content: structuredClone(this.content) });
    this.#settle(kept);
    this.content = { ...structuredClone(this.empty), ...(kept.content ?? {}) };
    this.#dirty = false;
    this.#tell("saved");
    this.dispatchEvent(new Event("change"));
  }

  /** Keep what is here over what another window has kept. */
  async keepOver(kept) {
    this.#settle(kept);
    this.#dirty = true;
    this.#tell("saving");
    await this.flush();
  }

  /** Keep everything now; return whether it is kept. */
  async flush() {
    clearTimeout(this.#timer);
    if (this.#saving) await this.#saving;
    // While two versions stand against each other, the reviewer decides first.
    if (this.#dirty && this.state !== "conflict") {
      this.#saving = this.#save();
      await this.#saving;
      this.#saving = null;
    }
    return !this.#dirty;
  }

  /** Begin anew once the draft has been sent. */
  async drop() {
    await call("DELETE", this.path);
    Object.assign(this, { id: null, version: 0, content: { ...structuredClone(this.empty), seen: this.content.seen } });
    this.#past = [];
    this.#dirty = false;
    this.dispatchEvent(new Event("change"));
  }

  #settle(kept) {
    this.id = kept.id;
    this.version = kept.version;
  }

  #changed() {
    this.#dirty = true;
    this.#tell("saving");
    this.dispatchEvent(new Event("change"));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), PAUSE);
  }

  async #save() {
    this.#dirty = false;
    try {
      this.#settle(await call("PUT", this.path, { seen_version: this.version, content: this.content }));
      if (!this.#dirty) this.#tell("saved");
    } catch (refused) {
      this.#dirty = true;
      if (refused.status === 409) {
        this.#tell("conflict");
        this.dispatchEvent(new CustomEvent("conflict", { detail: await call("GET", this.path) }));
        return;
      }
      this.#tell(refused.status === 0 || refused.status >= 500 || refused.status === 401 ? "waiting" : "refused", refused.message);
      if (this.state === "waiting") this.#timer = setTimeout(() => this.flush(), AGAIN);
    }
  }

  #tell(state, why = "") {
    this.state = state;
    this.why = why;
    this.dispatchEvent(new Event("state"));
  }
}
