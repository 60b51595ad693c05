// The page of one document, put together: pages, codebook, draft, and the keys that move between them.

import { Refusal } from "../service.js";
import { Codebook } from "./codebook.js";
import { Conflict } from "./conflict.js";
import { Draft } from "./draft.js";
import { PassagePanel } from "./passage.js";
import { Selection } from "./selection.js";
import { Sending } from "./send.js";
import { Shortcuts } from "./shortcuts.js";

const find = (selector) => document.querySelector(selector);
const data = JSON.parse(find("#review-data").textContent);
const main = find("#main");
const empty = { criteria: {}, passages: {}, evidence: [], note: null, model: data.model, seen: data.seen };

const draft = new Draft(data.document, data.draft, empty);
const codebook = new Codebook(find("#codebook"), data, draft);
const panel = new PassagePanel(find("#passage"), data, draft);
const conflict = new Conflict(find("#conflict"), data);
const { MarkedPdf } = data.format === "pdf" ? await import("./pdf.js") : {};
const { TextPages } = data.format === "pdf" ? {} : await import("./text.js");
const pages = MarkedPdf ? new MarkedPdf(find("#pages"), data.file) : new TextPages(find("#pages"));
const sending = new Sending(data, draft, conflict, fault);
const selection = data.mayReview ? new Selection(find("#selecting"), pages, data, codebook, fault) : null;

function fault(text) {
  const told = find("#fault");
  if (!told) return;
  told.textContent = text;
  told.hidden = !text;
}

function tell(text) {
  find("#state").textContent = text;
}

function view(name) {
  main.dataset.view = name;
  for (const button of document.querySelectorAll("[data-show]")) button.setAttribute("aria-pressed", String(button.dataset.show === name));
}

function drawMarks() {
  const { shown } = panel;
  const passage = shown ? [{ page: shown.page, boxes: shown.boxes, shade: "passage", places: [] }] : [];
  pages.draw([...codebook.marks, ...passage], codebook.current, shown?.id);
}

function toPages() {
  if (matchMedia("(max-width: 60rem)").matches) view("document");
}

const STATES = { saved: "Saved", saving: "Saving…", conflict: "Changed in another window", "": "" };

draft.addEventListener("change", () => {
  codebook.update();
  panel.update();
  drawMarks();
  const note = find("#note");
  if (note && document.activeElement !== note) note.value = draft.content.note ?? "";
  const undo = find("#undo");
  if (undo) undo.disabled = !draft.canUndo;
});
draft.addEventListener("state", () => {
  tell(STATES[draft.state] ?? (draft.state === "waiting" ? `Not saved yet: ${draft.why}` : `Not saved: ${draft.why}`));
  find("#state").dataset.state = draft.state;
});
draft.addEventListener("conflict", async ({ detail: kept }) => {
  const theirs = { ...empty, ...(kept.content ?? {}) };
  const answer = await conflict.ask({
    title: "This review was changed in another window",
    why: "Both versions are here. Choose the one that shall stay; what you do not take can be brought back with Undo.",
    mine: draft.content,
    theirs,
    mineName: "This window",
    theirsName: "The other window",
    keep: "Keep this window's",
    take: "Take the other",
  });
  if (answer === "keep") await draft.keepOver(kept);
  else draft.take(kept);
});

codebook.addEventListener("place", async ({ detail: place }) => {
  drawMarks();
  toPages();
  await pages.show(place);
  if (panel.open) await panel.show(place.page, place.passage);
});

codebook.addEventListener("criterion", ({ detail }) => {
  const told = find("#passage-criterion");
  if (told) told.textContent = data.names[detail];
});
codebook.addEventListener("further", ({ detail }) => further(detail));
panel.addEventListener("shown", async ({ detail: passage }) => {
  drawMarks();
  if (!passage) return;
  toPages();
  await pages.show({ id: "", page: passage.page, boxes: passage.boxes, passage: passage.id });
});

async function further(criterion) {
  codebook.choose(criterion);
  const known = new Set([...codebook.places.values()].filter((place) => place.criterion === criterion).map((place) => place.passage));
  fault((await panel.further(criterion, known)) ? "" : "No further passage comes near this criterion.");
}

/** Add what is selected, or else the passage in the panel. */
async function addEvidence() {
  if (selection.held || !panel.shown) return selection.add();
  const { id, page, start, end, text, boxes } = panel.shown;
  codebook.add([{ passage_id: id, page, start, end, quote: text, boxes }], codebook.criterion);
}

find("#pages").addEventListener("click", async (event) => {
  if (!document.getSelection().isCollapsed) return;
  const hit = pages.at(event);
  if (hit.places.length) {
    const at = hit.places.indexOf(codebook.current);
    codebook.go(hit.places[(at + 1) % hit.places.length]);
  }
  if (!hit.page) return;
  const passage = hit.passage ?? (await panel.at(hit.page, hit.x, hit.y))?.id;
  if (passage) await panel.show(hit.page, passage);
  drawMarks();
});
pages.addEventListener("page", ({ detail }) => (find("#page-number").textContent = `Page ${detail} of ${pages.count}`));

async function send() {
  if (!data.mayReview) return;
  fault("");
  if (await sending.send()) {
    const next = find("#older") ? "Press ] for the next document." : "This is the last document of the list.";
    tell(`Review sent. ${next}`);
    find("#state").dataset.state = "sent";
  }
}

function labelPassage() {
  const place = codebook.places.get(codebook.current);
  if (place) panel.show(place.page, place.passage, true).then(drawMarks);
  else codebook.walk(1);
}

function confirmOne() {
  if (panel.root.contains(document.activeElement)) return panel.confirm();
  codebook.confirm(codebook.criterion);
  codebook.step(1);
}

const editing = data.mayReview;
const follow = (selector) => () => find(selector)?.click();
const shortcuts = new Shortcuts(find("#shortcuts"), [
  { keys: ["j"], does: "next evidence", run: () => codebook.walk(1) },
  { keys: ["k"], does: "evidence before", run: () => codebook.walk(-1) },
  { keys: ["n"], does: "next criterion", run: () => codebook.step(1) },
  { keys: ["p"], does: "criterion before", run: () => codebook.step(-1) },
  ...(editing
    ? [
        { keys: ["1 – 9"], does: "answer the criterion with its first, second … level; in the passage panel: switch a label" },
        { keys: ["0"], does: "not enough readable text" },
        { keys: ["c"], does: "confirm the criterion, or the passage's labels, as they are", run: confirmOne },
        { keys: ["a"], does: "confirm the rest as the model says", run: () => codebook.acceptRest() },
        { keys: ["e"], does: "add the selected text, or the passage in the panel, as evidence", run: addEvidence },
        { keys: ["x"], does: "remove this evidence, or put it back", run: () => codebook.remove(codebook.current) },
        { keys: ["m"], does: "write a note", run: () => find("#note").focus() },
        { keys: ["u", "Ctrl+Z"], does: "undo", run: () => draft.undo() },
        { keys: ["s"], does: "send the review", run: send },
      ]
    : []),
  { keys: ["f"], does: "next passage on this criterion", run: () => further(codebook.criterion) },
  { keys: ["t"], does: "labels of the passage", run: labelPassage },
  { keys: ["."], does: "next passage, while the panel is open", run: () => panel.step(1) },
  { keys: [","], does: "passage before", run: () => panel.step(-1) },
  { keys: ["]"], does: "next document", run: follow("#older") },
  { keys: ["["], does: "document before", run: follow("#newer") },
  { keys: ["Escape"], does: "close the panel, or leave the note", run: () => panel.close() },
  { keys: ["?"], does: "this list", run: () => shortcuts.show() },
]);
shortcuts.digit = (event) => {
  // While the panel opens nobody can see yet what a number is for.
  if (!editing || panel.opening) return;
  if (panel.root.contains(document.activeElement)) panel.pick(Number(event.key));
  else codebook.pick(Number(event.key));
};

find("#help").addEventListener("click", () => shortcuts.show());
for (const button of document.querySelectorAll("[data-show]")) button.addEventListener("click", () => view(button.dataset.show));
find("#smaller")?.addEventListener("click", () => pages.resize(1 / 1.2));
find("#larger")?.addEventListener("click", () => pages.resize(1.2));
if (editing) {
  find("#undo").addEventListener("click", () => draft.undo());
  find("#accept").addEventListener("click", () => codebook.acceptRest());
  find("#send").addEventListener("click", send);
  find("#passage-add").addEventListener("click", addEvidence);
  const note = find("#note");
  note.value = draft.content.note ?? "";
  note.addEventListener("input", () => draft.change((content) => (content.note = note.value.trim() ? note.value : null), "note"));
  note.addEventListener("keydown", (event) => event.key === "Escape" && note.blur());
}
// Whatever the service refuses is told where it stands to be read.
window.addEventListener("unhandledrejection", (event) => {
  if (!(event.reason instanceof Refusal)) return;
  event.preventDefault();
  fault(event.reason.message);
});
window.addEventListener("beforeunload", (event) => {
  if (draft.state === "saving" || draft.state === "waiting") event.preventDefault();
});

tell(draft.version ? "Saved draft" : "");
codebook.choose(codebook.criterion);
try {
  await pages.open();
} catch (error) {
  find("#pages").replaceChildren(Object.assign(document.createElement("p"), { className: "fault", textContent: `The document cannot be shown: ${error.message}` }));
}
find("#loading")?.remove();
drawMarks();
main.dataset.ready = "true";
