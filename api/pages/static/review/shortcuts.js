// Everything by keyboard. Shortcuts of a single key can be switched off, as some people dictate or hold keys down.

import { element } from "../service.js";

const SETTING = "prevention-shortcuts";

export class Shortcuts {
  constructor(dialog, table) {
    this.dialog = dialog;
    this.table = table;
    this.on = localStorage.getItem(SETTING) !== "off";
    const list = dialog.querySelector("dl");
    for (const { keys, does } of table) {
      const names = element("dt", {}, ...keys.flatMap((key, number) => [number ? " or " : "", element("kbd", { textContent: key })]));
      list.append(names, element("dd", { textContent: does }));
    }
    const toggle = dialog.querySelector("#shortcuts-on");
    toggle.checked = this.on;
    toggle.addEventListener("change", () => {
      this.on = toggle.checked;
      localStorage.setItem(SETTING, this.on ? "on" : "off");
    });
    document.addEventListener("keydown", (event) => this.#pressed(event));
  }

  show() {
    this.dialog.showModal();
  }

  #pressed(event) {
    if (event.defaultPrevented || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const undo = event.ctrlKey && event.key === "z";
    if (event.ctrlKey && !undo) return;
    const writing = event.target.closest("textarea, select, input:not([type=radio], [type=checkbox])");
    if (writing || (!this.on && !undo && event.key !== "Escape" && event.key !== "?")) return;
    const found = this.table.find(({ keys }) => keys.includes(undo ? "Ctrl+Z" : event.key));
    if (!found && !/^[0-9]$/.test(event.key)) return;
    const run = found?.run ?? this.digit;
    if (run?.(event) !== false) event.preventDefault();
  }
}
