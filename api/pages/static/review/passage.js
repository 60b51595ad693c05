// The labels of one passage: the model's, until the reviewer gives others.

import { call } from "../service.js";

export class PassagePanel extends EventTarget {
  #byPage = new Map();
  #further = new Map();

  constructor(root, data, draft) {
    super();
    Object.assign(this, { root, data, draft, shown: null, opening: false });
    this.toggles = [...root.querySelectorAll("[data-label]")];
    root.addEventListener("click", (event) => {
      const toggle = event.target.closest("[data-label]");
      if (toggle) this.toggle(toggle.dataset.label);
    });
    root.querySelector("#passage-close").addEventListener("click", () => this.close());
    root.querySelector("#passage-before").addEventListener("click", () => this.step(-1));
    root.querySelector("#passage-next").addEventListener("click", () => this.step(1));
  }

  get open() {
    return !this.root.hidden;
  }

  /** Return the passages of a page, asked for once. */
  on(page) {
    if (!this.#byPage.has(page)) {
      const path = `/v1/documents/${this.data.document}/passages?page=${page}&limit=500`;
      this.#byPage.set(page, call("GET", path).then((answer) => answer.passages));
    }
    return this.#byPage.get(page);
  }

  async at(page, x, y) {
    const passages = await this.on(page);
    return passages.find((one) => one.boxes.some(([x0, y0, x1, y1]) => x0 - 3 <= x && x <= x1 + 3 && y0 - 3 <= y && y <= y1 + 3));
  }

  async show(page, id, focus = false) {
    this.opening = true;
    const found = (await this.on(page).finally(() => (this.opening = false))).find((one) => one.id === id);
    if (!found) return;
    this.shown = found;
    this.root.hidden = false;
    this.root.querySelector("#passage-text").textContent = found.text;
    this.update();
    if (focus) this.root.querySelector("#passage-title").focus({ preventScroll: true });
  }

  close() {
    this.root.hidden = true;
    this.shown = null;
    this.dispatchEvent(new CustomEvent("shown", { detail: null }));
  }

  /** Go on to the next passage of the document, or back. */
  async step(by) {
    if (!this.shown) return;
    let { page } = this.shown;
    let here = await this.on(page);
    let at = here.findIndex((one) => one.id === this.shown.id) + by;
    while (!here[at] && page + by >= 1 && page + by <= this.data.pages) {
      page += by;
      here = await this.on(page);
      at = by > 0 ? 0 : here.length - 1;
    }
    if (here[at]) await this.#reveal(here[at]);
  }

  /** Show the next passage on a criterion, the likeliest first; return whether there was one. `known` are those that stand there already. */
  async further(criterion, known) {
    if (!this.#further.has(criterion)) {
      const label = this.data.labelOf[criterion];
      if (!label) return false;
      const path = `/v1/documents/${this.data.document}/passages?label=${label}&least=0.05&limit=500`;
      const { passages } = await call("GET", path);
      const order = passages.filter((one) => !known.has(one.id)).sort((a, b) => b.probabilities[label] - a.probabilities[label]);
      this.#further.set(criterion, order);
    }
    const next = this.#further.get(criterion).shift();
    if (next) await this.#reveal(next);
    return Boolean(next);
  }

  async #reveal(passage) {
    await this.show(passage.page, passage.id);
    this.dispatchEvent(new CustomEvent("shown", { detail: this.shown }));
  }

  get predicted() {
    const { probabilities } = this.shown;
    return Object.keys(this.data.labels).filter((label) => probabilities[label] >= (this.data.thresholds[label] ?? 2));
  }

  get labels() {
    return this.draft.content.passages[this.shown.id] ?? this.predicted;
  }

  toggle(label) {
    if (!this.shown || !this.data.mayReview) return;
    const { id } = this.shown;
    const now = new Set(this.labels);
    if (!now.delete(label)) now.add(label);
    this.draft.change((content) => {
      content.passages[id] = Object.keys(this.data.labels).filter((one) => now.has(one));
    });
  }

  /** Say that the labels are right as they are. */
  confirm() {
    if (!this.shown || !this.data.mayReview) return;
    const { id } = this.shown;
    const labels = this.labels;
    this.draft.change((content) => {
      content.passages[id] = labels;
    });
  }

  pick(number) {
    const toggle = this.toggles[number - 1];
    if (toggle) this.toggle(toggle.dataset.label);
  }

  update() {
    if (!this.shown) return;
    const labels = this.labels;
    for (const toggle of this.toggles) {
      const p = this.shown.probabilities[toggle.dataset.label];
      toggle.disabled = !this.data.mayReview;
      toggle.setAttribute("aria-pressed", String(labels.includes(toggle.dataset.label)));
      toggle.querySelector("[data-p]").textContent = p === undefined ? "" : `${Math.round(p * 100)} %`;
    }
    const given = this.draft.content.passages[this.shown.id];
    const same = given && given.join() === this.predicted.join();
    const told = !given ? "As the model says." : same ? "Confirmed by you." : "Changed by you.";
    this.root.querySelector("#passage-state").textContent = `${told} Page ${this.shown.page}.`;
  }
}
