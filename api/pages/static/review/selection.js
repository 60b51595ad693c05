// Text that is selected on a page, and made evidence of a criterion. The service finds it again; nothing is counted here.

import { call } from "../service.js";

export class Selection {
  constructor(bar, pages, data, codebook, tell) {
    Object.assign(this, { bar, pages, data, codebook, tell, held: null });
    this.choice = bar.querySelector("select");
    document.addEventListener("selectionchange", () => this.#look());
    bar.querySelector("#add-evidence").addEventListener("click", () => this.add());
    codebook.addEventListener("criterion", (event) => {
      if (!this.bar.contains(document.activeElement)) this.choice.value = event.detail;
    });
  }

  #look() {
    if (this.bar.contains(document.activeElement)) return;
    this.held = this.#selected();
    this.bar.hidden = this.held === null;
    if (this.held) this.choice.value = this.codebook.criterion;
  }

  #selected() {
    const selection = document.getSelection();
    if (!selection || selection.isCollapsed || !selection.rangeCount) return null;
    const range = selection.getRangeAt(0).cloneRange();
    const sheet = this.pages.sheetOf(range.startContainer);
    if (!sheet) return null;
    // A page at a time: where the selection runs on, it ends with the page.
    if (!sheet.text.contains(range.endContainer)) range.setEndAfter(sheet.text.lastChild);
    const text = textOf(range);
    if (!text.trim()) return null;
    const boxes = sheet.point ? [...range.getClientRects()].slice(0, 400).map((rect) => boxOf(sheet, rect)) : [];
    return { page: sheet.number, text, boxes: boxes.filter((box) => box[2] > box[0] && box[3] > box[1]) };
  }

  async add() {
    if (!this.held) {
      this.tell("Select text on a page first.");
      return;
    }
    try {
      const { quotes } = await call("POST", `/v1/documents/${this.data.document}/quotes`, this.held);
      this.codebook.add(quotes, this.choice.value);
      document.getSelection().removeAllRanges();
      this.held = null;
      this.bar.hidden = true;
      this.tell("");
    } catch (refused) {
      this.tell(refused.message);
    }
  }
}

const boxOf = (sheet, rect) => [...sheet.point(rect.left, rect.top), ...sheet.point(rect.right, rect.bottom)];

/** Return the text of a range with a space where a line of the page ends. */
function textOf(range) {
  const piece = range.cloneContents();
  for (const end of piece.querySelectorAll("br")) end.replaceWith(" ");
  return piece.textContent;
}
