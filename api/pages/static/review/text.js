// A document without pages: its passages as text, with evidence marked where the service has cut it.

export class TextPages extends EventTarget {
  constructor(container) {
    super();
    this.container = container;
  }

  async open() {}

  resize() {}

  sheetOf(node) {
    const found = (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement)?.closest(".passage");
    return found ? { number: Number(found.dataset.page), element: found, text: found, point: null } : null;
  }

  async show(place) {
    const mark = [...this.container.querySelectorAll("[data-places]")].find((one) => one.dataset.places.split(" ").includes(place.id));
    const target = mark ?? document.getElementById(`passage-${place.passage}`);
    target?.scrollIntoView({ block: "center" });
  }

  /** Show which marks are in force; the places themselves stand in the text already. */
  draw(marks, current, passage) {
    const live = new Set(marks.flatMap((mark) => mark.places));
    for (const mark of this.container.querySelectorAll("[data-places]")) {
      const places = mark.dataset.places.split(" ");
      mark.classList.toggle("off", !places.some((id) => live.has(id)));
      mark.classList.toggle("current", places.includes(current));
    }
    for (const one of this.container.querySelectorAll(".passage")) one.classList.toggle("current", one.dataset.passage === passage);
  }

  at(event) {
    const mark = event.target.closest("[data-places]");
    const passage = event.target.closest(".passage");
    return { places: mark ? mark.dataset.places.split(" ") : [], page: Number(passage?.dataset.page), passage: passage?.dataset.passage };
  }
}
