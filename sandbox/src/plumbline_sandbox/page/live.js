// Follows the journal: shows each entry, and what a commit changed. The page works without it.
"use strict";

const KEPT = 200;
const BREATH_MS = 1000;
const LIVE = ["procore", "quickbooks", "faults", "clock", "records", "kinds", "found", "standing"];
const entries = document.getElementById("entries");
const names = JSON.parse(entries.dataset.names);
const wanted = document.querySelector("#journal select");

const place = (facts) => names[facts.realm ?? facts.company] ?? facts.provider ?? "";
const called = (facts) => `${facts.entity} ${facts.doc_number ?? facts.id}`;
const amount = (facts) =>
  facts.total_cents === undefined
    ? ""
    : `, ${(facts.total_cents / 100).toLocaleString("en-US", { minimumFractionDigits: 2 })}`;
const from = (facts) => (facts.origin ? `, by ${facts.origin}` : "");

// What happened, in a few words; everything else an entry says is folded below them.
const SENTENCES = {
  commit: (facts) => `${called(facts)} ${facts.change ?? facts.action}${facts.status ? `, ${facts.status}` : ""}${amount(facts)}${from(facts)}`,
  answer: (facts) => `${facts.status} to ${facts.method} ${facts.path}`,
  "bytes-lost": (facts) => `${facts.method} ${facts.path}${facts.committed ? ", executed" : ""}`,
  "request-cut": (facts) => `${facts.method} ${facts.path}`,
  mail: (facts) => `${called(facts)} to ${facts.to}`,
  fault: (facts) => `${facts.name} on ${facts.target.path ?? facts.target.url ?? facts.target.entity ?? ""}`,
  token: (facts) => `${facts.grant_type}: ${facts.outcome}`,
  "webhook-attempt": (facts) => `${facts.status ?? "no answer"} from ${facts.url ?? facts.destination_url ?? ""}`,
};

function element(tag, text, kind) {
  const made = document.createElement(tag);
  made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

function line(entry) {
  const { seq, at, kind, ...facts } = entry;
  const told = SENTENCES[kind] ?? (() => "");
  const time = element("time", at.slice(11, 19));
  time.title = at;
  const summary = document.createElement("summary");
  summary.append(time, " ", element("span", kind, `kind ${kind}`), ` ${told(facts)} `, element("small", place(facts)));
  const list = document.createElement("dl");
  for (const [name, value] of [["number", seq], ...Object.entries(facts)]) {
    if (value === null || value === "") continue;
    list.append(element("dt", name), element("dd", typeof value === "object" ? JSON.stringify(value) : value));
  }
  const folded = document.createElement("details");
  folded.append(summary, list);
  const item = document.createElement("li");
  item.dataset.kind = kind;
  item.append(folded);
  return item;
}

function narrow(item) {
  item.hidden = wanted.value !== "" && wanted.value !== item.dataset.kind;
}

function show(found) {
  for (const entry of found.slice(-KEPT)) {
    const item = line(entry);
    narrow(item);
    entries.prepend(item);
  }
  while (entries.childElementCount > KEPT) entries.lastElementChild.remove();
  document.getElementById("quiet").hidden = entries.childElementCount > 0;
}

// A part in which somebody is at work is left alone; the next change renews it.
const atWork = (part) => part.contains(document.activeElement) || part.querySelector("details[open]") !== null;

async function renew() {
  const answer = await fetch(location.pathname + location.search);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const name of LIVE) {
    const [part, renewed] = [document.getElementById(name), fresh.getElementById(name)];
    if (part && renewed && !atWork(part)) part.replaceWith(document.adoptNode(renewed));
  }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function follow() {
  let since = entries.dataset.since;
  const past = Number(since);
  for (;;) {
    try {
      const told = await (await fetch(`/journal?since=${since}&wait_s=25`)).json();
      entries.classList.toggle("live", Number(since) !== past);
      since = told.next;
      show(told.entries);
      if (told.entries.some((entry) => entry.kind === "commit" || entry.kind === "fault")) {
        await renew();
        // Under load one look at the whole suffices for many changes.
        await pause(BREATH_MS);
      }
    } catch {
      await pause(2 * BREATH_MS);
    }
  }
}

wanted.addEventListener("change", () => [...entries.children].forEach(narrow));
follow();
