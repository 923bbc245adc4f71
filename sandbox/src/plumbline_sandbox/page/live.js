// Follows the journal: shows each entry, and what a commit changed. The page works without it.
"use strict";

const KEPT = 200;
const entries = document.getElementById("entries");

function line(entry) {
  const { seq, at, kind, ...facts } = entry;
  const item = document.createElement("li");
  const name = document.createElement("b");
  name.textContent = kind;
  const told = Object.entries(facts).filter(([, value]) => value !== null && value !== "");
  const text = told.map(([key, value]) => `${key} ${typeof value === "object" ? JSON.stringify(value) : value}`);
  item.dataset.kind = kind;
  item.append(`${seq} ${at.slice(11, 23)} `, name, ` ${text.join(", ")}`);
  return item;
}

function show(found) {
  const wanted = document.querySelector("#journal select").value;
  for (const entry of found) {
    const item = line(entry);
    item.hidden = wanted !== "" && wanted !== entry.kind;
    entries.prepend(item);
  }
  while (entries.childElementCount > KEPT) entries.lastElementChild.remove();
  document.getElementById("quiet").hidden = entries.childElementCount > 0;
}

// A part in which somebody is at work is left alone; the next change renews it.
async function renew() {
  const answer = await fetch(location.pathname + location.search);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const name of ["procore", "quickbooks", "faults", "clock"]) {
    const part = document.getElementById(name);
    if (!part.contains(document.activeElement)) part.replaceWith(document.adoptNode(fresh.getElementById(name)));
  }
}

async function follow() {
  let since = entries.dataset.since;
  for (;;) {
    try {
      const told = await (await fetch(`/journal?since=${since}&wait_s=25`)).json();
      since = told.next;
      show(told.entries);
      if (told.entries.some((entry) => entry.kind === "commit" || entry.kind === "fault")) await renew();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 2000));
    }
  }
}

if (entries) {
  document.querySelector("#journal select").addEventListener("change", (event) => {
    for (const item of entries.children) item.hidden = event.target.value !== "" && event.target.value !== item.dataset.kind;
  });
  follow();
}
