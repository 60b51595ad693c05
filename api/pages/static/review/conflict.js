// Two versions side by side, and the choice between them. Nothing is thrown away before the choice.

import { element } from "../service.js";

export class Conflict {
  constructor(dialog, data) {
    Object.assign(this, { dialog, data });
    dialog.addEventListener("cancel", (event) => event.preventDefault());
  }

  /** Show both versions; return "keep" for mine or "take" for the other. */
  ask({ title, why, mine, theirs, mineName, theirsName, keep, take }) {
    const set = (id, text) => (this.dialog.querySelector(id).textContent = text);
    set("#conflict-title", title);
    set("#conflict-why", why);
    set("#conflict-mine", mineName);
    set("#conflict-theirs", theirsName);
    set("#conflict-keep", keep);
    set("#conflict-take", take);
    this.dialog.querySelector("#conflict-rows").replaceChildren(...this.#rows(mine, theirs));
    if (!this.dialog.open) this.dialog.showModal();
    return new Promise((resolve) => {
      const choose = (answer) => () => {
        this.dialog.close();
        resolve(answer);
      };
      this.dialog.querySelector("#conflict-keep").onclick = choose("keep");
      this.dialog.querySelector("#conflict-take").onclick = choose("take");
    });
  }

  #rows(mine, theirs) {
    const words = (level) => (level === undefined ? "–" : (this.data.words[level] ?? level));
    const keys = Object.keys(this.data.questions).filter((key) => key in mine.criteria || key in theirs.criteria);
    const rows = keys.map((key) => [this.data.questions[key], words(mine.criteria[key]), words(theirs.criteria[key])]);
    rows.push(["Evidence added or removed", String(mine.evidence.length), String(theirs.evidence.length)]);
    rows.push(["Passages labelled", String(Object.keys(mine.passages).length), String(Object.keys(theirs.passages).length)]);
    rows.push(["Note", mine.note || "–", theirs.note || "–"]);
    return rows.map(([name, a, b]) => {
      const row = element("tr", { className: a === b ? "same" : "differs" });
      row.append(element("th", { scope: "row", textContent: name }), element("td", { textContent: a }), element("td", { textContent: b }));
      return row;
    });
  }
}
