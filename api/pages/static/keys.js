// Keys are made and revoked by the routes under /v1/keys.

import { call } from "./service.js";

const make = document.querySelector("#make");
const fault = document.querySelector("#fault");

make.addEventListener("submit", async (event) => {
  event.preventDefault();
  const given = new FormData(make);
  const scopes = given.getAll("scopes");
  const number = (name) => (given.get(name) === "" ? null : Number(given.get(name)));
  const expires = given.get("expires");
  fault.hidden = true;
  try {
    const made = await call("POST", "/v1/keys", {
      name: given.get("name"),
      role: given.get("role"),
      scopes: scopes.length ? scopes : null,
      expires: expires ? `${expires}T00:00:00Z` : null,
      rate_per_minute: number("rate_per_minute"),
      quota_mb: number("quota_mb"),
    });
    document.querySelector("#key").textContent = made.key;
    document.querySelector("#made").hidden = false;
    document.querySelector("#made-title").focus();
    make.reset();
  } catch (refused) {
    fault.textContent = refused.message;
    fault.hidden = false;
  }
});

document.querySelector("#copy").addEventListener("click", async () => {
  await navigator.clipboard.writeText(document.querySelector("#key").textContent);
  document.querySelector("#copied").textContent = "copied";
});

const sure = document.querySelector("#sure");
let chosen = null;

for (const button of document.querySelectorAll(".revoke")) {
  button.addEventListener("click", () => {
    chosen = button.dataset.key;
    document.querySelector("#sure-name").textContent = button.dataset.name;
    document.querySelector("#sure-fault").hidden = true;
    sure.showModal();
  });
}

document.querySelector("#sure-yes").addEventListener("click", async () => {
  try {
    await call("DELETE", `/v1/keys/${chosen}`);
    location.reload();
  } catch (refused) {
    const told = document.querySelector("#sure-fault");
    told.textContent = refused.message;
    told.hidden = false;
  }
});
