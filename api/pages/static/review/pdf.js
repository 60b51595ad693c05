// The pages of a PDF, drawn as they come into sight, with marks between the picture and the text that can be selected.

import * as pdfjs from "../vendor/pdfjs/build/pdf.min.mjs";

const vendor = new URL("../vendor/pdfjs/", import.meta.url).href;
pdfjs.GlobalWorkerOptions.workerSrc = `${vendor}build/pdf.worker.min.mjs`;

// So many pages are drawn at a time; those farthest away are let go.
const DRAWN = 14;
const SHARPEST = 2;

export class PdfPages extends EventTarget {
  #sheets = [];
  #width = 0;

  constructor(container, url) {
    super();
    this.container = container;
    this.url = url;
    this.zoom = 1;
  }

  async open() {
    this.pdf = await pdfjs.getDocument({
      url: this.url,
      standardFontDataUrl: `${vendor}standard_fonts/`,
      wasmUrl: `${vendor}wasm/`,
      isEvalSupported: false,
      enableXfa: false,
      verbosity: 0,
    }).promise;
    const first = await this.pdf.getPage(1);
    const { width, height } = first.getViewport({ scale: 1 });
    const near = new IntersectionObserver((entries) => this.#seen(entries), { root: this.container, rootMargin: "60% 0px" });
    for (let number = 1; number <= this.pdf.numPages; number += 1) {
      const sheet = new Sheet(number, width, height);
      this.#sheets.push(sheet);
      this.container.append(sheet.element);
      near.observe(sheet.element);
    }
    this.#fit();
    new ResizeObserver(() => this.#fit()).observe(this.container);
    this.container.addEventListener("scroll", () => this.#number(), { passive: true });
  }

  get count() {
    return this.#sheets.length;
  }

  sheet(number) {
    return this.#sheets[number - 1];
  }

  sheetOf(node) {
    const found = (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement)?.closest(".sheet");
    return found ? this.sheet(Number(found.dataset.page)) : null;
  }

  resize(factor) {
    this.zoom = Math.min(4, Math.max(0.5, this.zoom * factor));
    this.#width = 0;
    this.#fit();
  }

  /** Bring a page into sight, and on it the first of some boxes. */
  async show(number, boxes) {
    const sheet = this.sheet(number);
    if (!sheet) return;
    await sheet.measure(this.pdf);
    const top = boxes.length ? Math.min(...boxes.map((box) => box[1])) : 0;
    const left = boxes.length ? Math.min(...boxes.map((box) => box[0])) : 0;
    const scale = sheet.element.clientWidth / sheet.width;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.container.scrollTo({
      top: sheet.element.offsetTop + top * scale - this.container.clientHeight * 0.25,
      left: left * scale - 24,
      behavior: calm ? "instant" : "auto",
    });
    await sheet.draw(this.pdf);
  }

  #fit() {
    const width = Math.floor((this.container.clientWidth - 24) * this.zoom);
    if (width < 50 || Math.abs(width - this.#width) < 2) return;
    this.#width = width;
    for (const sheet of this.#sheets) sheet.resize(width);
    for (const sheet of this.#sheets.filter((one) => one.near)) sheet.draw(this.pdf);
    this.#number();
  }

  #seen(entries) {
    for (const entry of entries) {
      const sheet = this.sheet(Number(entry.target.dataset.page));
      sheet.near = entry.isIntersecting;
      if (sheet.near) sheet.draw(this.pdf).catch(() => sheet.fail());
    }
    const drawn = this.#sheets.filter((sheet) => sheet.drawn);
    const here = this.current();
    drawn.sort((a, b) => Math.abs(b.number - here) - Math.abs(a.number - here));
    for (const sheet of drawn.slice(0, Math.max(0, drawn.length - DRAWN))) if (!sheet.near) sheet.clear();
  }

  current() {
    const middle = this.container.scrollTop + this.container.clientHeight / 3;
    const found = this.#sheets.findLast((sheet) => sheet.element.offsetTop <= middle);
    return found ? found.number : 1;
  }

  #number() {
    this.dispatchEvent(new CustomEvent("page", { detail: this.current() }));
  }
}

class Sheet {
  #drawing = null;
  #measured = false;
  #task = null;

  constructor(number, width, height) {
    Object.assign(this, { number, width, height, near: false, drawn: false, marks: [] });
    this.element = document.createElement("div");
    this.element.className = "sheet";
    this.element.dataset.page = number;
    this.layer = document.createElement("div");
    this.layer.className = "marks";
    this.layer.setAttribute("aria-hidden", "true");
    this.text = document.createElement("div");
    this.text.className = "textLayer";
    this.element.append(this.layer, this.text);
  }

  resize(width) {
    this.element.style.width = `${width}px`;
    this.element.style.aspectRatio = `${this.width} / ${this.height}`;
    if (this.drawn) this.clear();
  }

  async measure(pdf) {
    this.page ??= await pdf.getPage(this.number);
    if (this.#measured) return;
    const { width, height } = this.page.getViewport({ scale: 1 });
    Object.assign(this, { width, height });
    this.element.style.aspectRatio = `${width} / ${height}`;
    this.#measured = true;
    this.place();
  }

  draw(pdf) {
    this.#drawing ??= this.#draw(pdf).catch((error) => {
      this.#drawing = null;
      if (error?.name !== "RenderingCancelledException") throw error;
    });
    return this.#drawing;
  }

  async #draw(pdf) {
    await this.measure(pdf);
    const width = this.element.clientWidth;
    if (!width) {
      this.#drawing = null;
      return;
    }
    const viewport = this.page.getViewport({ scale: width / this.width });
    const sharp = Math.min(SHARPEST, window.devicePixelRatio || 1);
    const canvas = document.createElement("canvas");
    canvas.width = Math.floor(viewport.width * sharp);
    canvas.height = Math.floor(viewport.height * sharp);
    const transform = sharp === 1 ? null : [sharp, 0, 0, sharp, 0, 0];
    this.#task = this.page.render({ canvas, viewport, transform });
    await this.#task.promise;
    this.element.querySelector("canvas")?.remove();
    this.element.prepend(canvas);
    this.text.replaceChildren();
    this.element.style.setProperty("--total-scale-factor", viewport.scale);
    this.element.style.setProperty("--scale-round-x", "1px");
    this.element.style.setProperty("--scale-round-y", "1px");
    await new pdfjs.TextLayer({ textContentSource: this.page.streamTextContent(), container: this.text, viewport }).render();
    this.drawn = true;
    this.element.dataset.drawn = "true";
  }

  clear() {
    this.#task?.cancel();
    this.#drawing = null;
    this.drawn = false;
    delete this.element.dataset.drawn;
    this.element.querySelector("canvas")?.remove();
    this.text.replaceChildren();
  }

  fail() {
    this.element.dataset.failed = "This page cannot be drawn.";
  }

  /** Put marks on the page; each has boxes in points, a class, and the ids of its places. */
  mark(marks) {
    this.marks = marks;
    this.place();
  }

  place() {
    this.layer.replaceChildren();
    for (const mark of this.marks) {
      mark.boxes.forEach(([x0, y0, x1, y1], number) => {
        const box = document.createElement("div");
        box.className = `mark ${mark.kind}${number === 0 ? " first" : ""}`;
        box.dataset.places = mark.places.join(" ");
        box.style.left = `${(100 * x0) / this.width}%`;
        box.style.top = `${(100 * y0) / this.height}%`;
        box.style.width = `${(100 * (x1 - x0)) / this.width}%`;
        box.style.height = `${(100 * (y1 - y0)) / this.height}%`;
        this.layer.append(box);
      });
    }
  }

  /** Return a point of the window in points of the page. */
  point(x, y) {
    const { left, top, width } = this.element.getBoundingClientRect();
    const scale = this.width / width;
    return [(x - left) * scale, (y - top) * scale];
  }
}

/** The same pages as the review page asks for them: by places instead of boxes. */
export class MarkedPdf extends PdfPages {
  async show(place) {
    await super.show(place.page, place.boxes);
  }

  draw(marks, current) {
    const byPage = Map.groupBy(marks, (mark) => mark.page);
    for (let number = 1; number <= this.count; number += 1) {
      const here = (byPage.get(number) ?? []).map((mark) => ({
        ...mark,
        kind: `${mark.shade}${mark.against ? " against" : ""}${mark.places.includes(current) ? " current" : ""}`,
      }));
      const sheet = this.sheet(number);
      if (here.length || sheet.marks.length) sheet.mark(here);
    }
  }

  at(event) {
    const sheet = this.sheetOf(event.target);
    if (!sheet) return { places: [], page: null };
    const [x, y] = sheet.point(event.clientX, event.clientY);
    const hit = sheet.marks.filter((mark) => mark.boxes.some(([x0, y0, x1, y1]) => x0 <= x && x <= x1 && y0 <= y && y <= y1));
    return { places: hit.flatMap((mark) => mark.places), page: sheet.number, x, y };
  }
}
