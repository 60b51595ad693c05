// The criteria: what the reviewer answers, and the evidence that stands under each.

import { element } from "../service.js";

const short = (text) => (text.length > 60 ? `${text.slice(0, 59)}…` : text);

/** Return what tells one piece of evidence from another. */
export const keyOf = (one) => [one.criterion, one.passage_id ?? one.passage, one.start, one.end].join(" ");

export const markOf = (place, criterion, verdict) => ({
  criterion,
  verdict,
  passage_id: place.passage ?? place.passage_id,
  page: place.page,
  start: place.start,
  end: place.end,
  quote: place.quote,
  boxes: place.boxes,
});

export class Codebook extends EventTarget {
  constructor(root, data, draft) {
    super();
    Object.assign(this, { root, data, draft });
    this.criteria = Object.keys(data.criteria);
    this.places = new Map(data.places.map((place) => [place.id, place]));
    this.current = null;
    this.criterion = this.criteria[0];
    root.addEventListener("click", (event) => this.#clicked(event));
    root.addEventListener("change", (event) => {
      if (event.target.type === "radio") this.answer(this.#criterionOf(event.target), event.target.value);
    });
    root.addEventListener("focusin", (event) => {
      const criterion = this.#criterionOf(event.target);
      if (criterion) this.choose(criterion);
    });
    this.update();
  }

  article(criterion) {
    return document.getElementById(`criterion-${criterion}`);
  }

  /** All places in the order in which they stand, added ones among them. */
  get order() {
    return [...this.root.querySelectorAll("li[data-place]")].map((item) => item.dataset.place);
  }

  /** What is drawn on the pages: places at one spot are one mark. */
  get marks() {
    const live = [...this.places.values()].filter(
      (place) => (place.kind !== "considered" || place.id === this.current) && !this.isRemoved(place),
    );
    const spots = Map.groupBy(live, (place) => `${place.page} ${place.start} ${place.end}`);
    return [...spots.values()].map((places) => ({
      page: places[0].page,
      boxes: places[0].boxes,
      shade: places.find((place) => place.shade !== "plain")?.shade ?? "plain",
      against: places.every((place) => place.kind === "against"),
      places: places.map((place) => place.id),
    }));
  }

  isRemoved(place) {
    return this.draft.content.evidence.some((mark) => mark.verdict === "removed" && keyOf(mark) === keyOf(place));
  }

  choose(criterion) {
    this.criterion = criterion;
    for (const key of this.criteria) this.article(key).classList.toggle("chosen", key === criterion);
    this.dispatchEvent(new CustomEvent("criterion", { detail: criterion }));
  }

  /** Move to the criterion so many places on, and give it the focus. */
  step(by) {
    const at = this.criteria.indexOf(this.criterion) + by;
    const next = this.criteria[Math.min(this.criteria.length - 1, Math.max(0, at))];
    this.focus(next);
  }

  focus(criterion) {
    this.choose(criterion);
    this.article(criterion).focus({ preventScroll: true });
    this.article(criterion).scrollIntoView({ block: "nearest" });
  }

  go(id) {
    const place = this.places.get(id);
    if (!place) return;
    this.current = id;
    this.choose(place.criterion);
    for (const item of this.root.querySelectorAll("li[data-place]")) item.classList.toggle("current", item.dataset.place === id);
    const item = this.#item(id);
    item?.scrollIntoView({ block: "nearest" });
    this.dispatchEvent(new CustomEvent("place", { detail: place }));
  }

  /** Go to the piece of evidence so many places on. */
  walk(by) {
    const order = this.order;
    if (!order.length) return;
    const at = order.indexOf(this.current);
    this.go(order[(at < 0 ? (by > 0 ? 0 : order.length - 1) : at + by + order.length) % order.length]);
  }

  answer(criterion, level) {
    if (this.draft.content.criteria[criterion] === level) return;
    this.draft.change((content) => {
      content.criteria[criterion] = level;
    });
  }

  confirm(criterion) {
    this.answer(criterion, this.data.criteria[criterion].value);
  }

  /** Answer the criterion with its level of that number, from 1; 0 says that too little can be read. */
  pick(number) {
    const { levels } = this.data.criteria[this.criterion];
    const level = number === 0 ? levels.at(-1) : levels.slice(0, -1)[number - 1];
    if (level) this.answer(this.criterion, level);
  }

  acceptRest() {
    const open = this.criteria.filter((key) => !(key in this.draft.content.criteria));
    if (!open.length) return;
    this.draft.change((content) => {
      for (const key of open) content.criteria[key] = this.data.criteria[key].value;
    });
  }

  /** Take evidence away, or put back what was taken away. */
  remove(id) {
    const place = this.places.get(id);
    if (!place || place.kind === "considered") return;
    this.draft.change((content) => {
      const others = content.evidence.filter((mark) => keyOf(mark) !== keyOf(place));
      const back = place.kind === "added" || others.length < content.evidence.length;
      content.evidence = back ? others : [...others, markOf(place, place.criterion, "removed")];
    });
  }

  add(quotes, criterion) {
    const marks = quotes.map((quote) => markOf(quote, criterion, "added"));
    this.draft.change((content) => {
      const known = new Set(content.evidence.map(keyOf));
      content.evidence.push(...marks.filter((mark) => !known.has(keyOf(mark))));
    });
    this.go(`added ${keyOf(marks[0])}`);
  }

  update() {
    const { content } = this.draft;
    this.#placesOfDraft(content);
    for (const key of this.criteria) this.#updateOne(key, content);
    const answered = Object.keys(content.criteria).length;
    const count = document.querySelector("#count");
    if (count) count.textContent = `${answered} of ${this.criteria.length} answered`;
  }

  #placesOfDraft(content) {
    for (const [id, place] of this.places) if (place.kind === "added") this.places.delete(id);
    for (const mark of content.evidence.filter((one) => one.verdict === "added")) {
      const tier = ["primary", "secondary", "tertiary"].includes(mark.criterion);
      const id = `added ${keyOf(mark)}`;
      this.places.set(id, { ...mark, id, kind: "added", passage: mark.passage_id, shade: tier ? mark.criterion : "plain" });
    }
  }

  #updateOne(key, content) {
    const article = this.article(key);
    const level = content.criteria[key];
    const { value } = this.data.criteria[key];
    for (const radio of article.querySelectorAll("input[type=radio]")) radio.checked = radio.value === level;
    article.classList.toggle("answered", level !== undefined);
    const told = article.querySelector("[data-told]");
    if (told) {
      const same = level === value;
      told.textContent = level === undefined ? "" : same ? "Confirmed" : `Changed from ${this.data.words[value]}`;
      article.querySelector(".confirm").hidden = same;
    }
    for (const item of article.querySelectorAll("li[data-place]:not(.added)")) {
      const place = this.places.get(item.dataset.place);
      const removed = this.isRemoved(place);
      item.classList.toggle("removed", removed);
      const button = item.querySelector(".remove");
      if (button) button.textContent = removed ? "Put back" : "Remove";
    }
    this.#listAdded(article, key);
  }

  #listAdded(article, key) {
    for (const item of article.querySelectorAll("li.added")) item.remove();
    const list = article.querySelector('[data-list="for"]');
    for (const place of this.places.values()) {
      if (place.kind !== "added" || place.criterion !== key) continue;
      const jump = element("button", { type: "button", className: `jump of-${place.shade}` });
      jump.append(
        element("span", { className: "page", textContent: `p. ${place.page}` }),
        element("span", { className: "tag", textContent: "yours" }),
        " ",
        element("span", { className: "quote", textContent: place.quote }),
      );
      const remove = element("button", { type: "button", className: "quiet remove", textContent: "Remove" });
      remove.setAttribute("aria-label", `Remove: ${short(place.quote)}`);
      const item = element("li", { className: "added" }, jump, remove);
      item.dataset.place = place.id;
      item.classList.toggle("current", place.id === this.current);
      list.append(item);
    }
  }

  #item(id) {
    return [...this.root.querySelectorAll("li[data-place]")].find((item) => item.dataset.place === id);
  }

  #criterionOf(node) {
    return node.closest("[data-criterion]")?.dataset.criterion;
  }

  #clicked(event) {
    const button = event.target.closest("button");
    if (!button) return;
    const id = button.closest("[data-place]")?.dataset.place;
    if (button.classList.contains("jump")) this.go(id);
    else if (button.classList.contains("remove")) this.remove(id);
    else if (button.classList.contains("add")) this.add([this.places.get(id)], this.places.get(id).criterion);
    else if (button.classList.contains("further")) this.dispatchEvent(new CustomEvent("further", { detail: this.#criterionOf(button) }));
    else if (button.classList.contains("confirm")) this.confirm(this.#criterionOf(button));
  }
}
