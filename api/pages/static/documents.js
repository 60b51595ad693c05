// Documents are chosen or dropped, sent one by one, and their rows come in at the top of the list.

import { element, upload } from "./service.js";

const form = document.querySelector("#upload");

if (form) {
  const file = form.querySelector("input[type=file]");
  const drop = form.querySelector(".drop");
  const queue = [];
  let sending = false;

  const take = (files) => {
    for (const one of files) queue.push(line(one));
    if (!sending) sendAll();
  };

  file.addEventListener("change", () => {
    take([...file.files]);
    file.value = "";
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  for (const name of ["dragenter", "dragover"]) {
    form.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  for (const name of ["dragleave", "drop"]) form.addEventListener(name, () => drop.classList.remove("over"));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    take([...event.dataTransfer.files]);
  });

  function line(one) {
    const bar = element("progress", { max: 1, value: 0 });
    bar.setAttribute("aria-label", `Upload of ${one.name}`);
    const told = element("span", { textContent: "waiting" });
    const item = element("li", {}, element("span", { className: "name", textContent: one.name }), bar, told);
    form.querySelector("#uploads").append(item);
    return { one, bar, told, item };
  }

  async function sendAll() {
    sending = true;
    while (queue.length) await send(queue.shift());
    sending = false;
  }

  async function send({ one, bar, told, item }) {
    const limit = Number(form.dataset.maxMb);
    if (one.size > limit * 2 ** 20) return fail(told, bar, `larger than ${limit} MB; compress or split it`);
    const data = new FormData();
    data.append("file", one);
    for (const name of ["authority", "kind", "year"]) data.append(name, form.elements[name].value.trim());
    try {
      told.textContent = "sending";
      const answer = await upload("/v1/documents", data, (share) => (bar.value = share));
      await show(answer);
      item.remove();
    } catch (refused) {
      fail(told, bar, refused.message);
    }
  }

  function fail(told, bar, why) {
    bar.remove();
    told.className = "fault";
    told.textContent = why;
  }

  async function show(answer) {
    const ids = answer.document_id ? [answer.document_id] : answer.documents.map((one) => one.document_id).filter(Boolean);
    document.querySelector("#none")?.remove();
    for (const id of ids) {
      document.getElementById(`row-${id}`)?.remove();
      await window.htmx.ajax("GET", `/documents/${id}/row`, { target: "#rows", swap: "afterbegin" });
    }
  }
}
