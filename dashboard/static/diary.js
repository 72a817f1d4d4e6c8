// The diary's page: an entry is kept in this browser first and sent then, so that writing needs no network.

import { labelOf, takeOver } from "./body_map.js";
import { Kept } from "./diary_kept.js";

const setup = JSON.parse(document.getElementById("diary-setup").textContent);
const words = setup.words;
const form = document.getElementById("entry");
const fields = form.elements;
const kept = new Kept(setup.wearer);
const news = document.getElementById("news");
const conflictsKey = `plumbline.diary-conflicts.${setup.wearer}`;
const LISTS = ["places", "brought_on", "relief"];
const AGAIN_MS = 20_000;
const DATE = { day: "numeric", month: "short", year: "numeric" };
const showPlaces = takeOver(form);

function boxes(name, value) {
  return [...form.querySelectorAll(`[name="${name}"]`)].find((box) => box.value === String(value ?? ""));
}

function read() {
  const given = new FormData(form);
  const basedOn = given.get("based_on") || null;
  const entry = {
    entry_id: given.get("entry_id") || crypto.randomUUID?.() || uuid(),
    day: given.get("day"),
    time: given.get("time") || null,
    kind: given.get("kind"),
    strength: given.get("strength") ? Number(given.get("strength")) : null,
    since: given.get("since_day") || given.get("since") || null,
    words: given.get("words").trim(),
    // An edit is later than what it edits, whatever this clock says.
    edited_utc_ms: Math.max(Date.now(), parseInt(basedOn ?? "0", 10) + 1),
    based_on: basedOn,
  };
  for (const name of LISTS) entry[name] = given.getAll(name);
  return entry;
}

// crypto.randomUUID is there on secure origins only, and a dashboard in the home network has none.
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function fill(entry) {
  form.reset();
  for (const box of form.querySelectorAll("input[type=checkbox]")) {
    box.checked = LISTS.includes(box.name) && entry[box.name].includes(box.value);
  }
  fields.entry_id.value = entry.entry_id;
  fields.based_on.value = entry.based_on ?? entry.version ?? "";
  fields.day.value = entry.day;
  fields.time.value = entry.time ?? "";
  fields.words.value = entry.words;
  const dated = /^\d/.test(entry.since ?? "");
  fields.since_day.value = dated ? entry.since : "";
  for (const [name, value] of [["kind", entry.kind], ["strength", entry.strength], ["since", dated ? "" : entry.since]]) {
    const box = boxes(name, value);
    if (box) box.checked = true;
  }
  form.querySelector(".more").open = Boolean(entry.since || entry.words || entry.brought_on.length || entry.relief.length);
  document.getElementById("form-title").textContent = setup.change;
  document.getElementById("cancel").hidden = false;
  showPlaces();
  form.scrollIntoView();
  fields.kind[0].focus({ preventScroll: true });
}

function empty() {
  form.reset();
  for (const box of form.querySelectorAll("input[type=checkbox]")) box.checked = false;
  for (const radio of form.querySelectorAll("[name=kind]")) radio.checked = false;
  for (const name of ["strength", "since"]) boxes(name, "").checked = true;
  const now = new Date();
  const local = new Date(now - now.getTimezoneOffset() * 60_000).toISOString();
  fields.entry_id.value = "";
  fields.based_on.value = "";
  fields.day.value = local.slice(0, 10);
  fields.time.value = local.slice(11, 16);
  fields.since_day.value = "";
  fields.words.value = "";
  document.getElementById("form-title").textContent = setup.new;
  document.getElementById("cancel").hidden = true;
  showPlaces();
}

function say(text) {
  news.textContent = text;
  news.hidden = !text;
  document.querySelector("[data-told]")?.remove();
}

function described(entry) {
  if (entry.deleted) return words.conflict_deleted;
  const label = (name, value) => { const box = boxes(name, value); return box ? labelOf(box) : value; };
  const places = entry.places.map((place) => label("places", place)).join(", ") || setup.no_place;
  const strength = entry.strength === null ? "" : `, ${setup.strength_of.replace("{n}", entry.strength)}`;
  const when = `${new Date(`${entry.day}T12:00`).toLocaleDateString(document.documentElement.lang, DATE)} ${entry.time ?? ""}`.trim();
  return [`${label("kind", entry.kind)}${strength}: ${places} (${when})`, entry.words].filter(Boolean).join(" · ");
}

function button(text, does, grave = false) {
  const made = Object.assign(document.createElement("button"), { type: "button", textContent: text, className: grave ? "grave" : "" });
  made.addEventListener("click", does);
  return made;
}

function paragraph(text) {
  return Object.assign(document.createElement("p"), { textContent: text });
}

function showKept() {
  const section = document.getElementById("kept");
  const waiting = kept.all();
  section.hidden = waiting.length === 0;
  section.querySelector("ul").replaceChildren(...waiting.map((item) => {
    const line = Object.assign(document.createElement("li"), { className: "entry" });
    const what = item.deleted ? `${words.to_delete}: ${described({ ...item.was, deleted: false })}` : described(item);
    const actions = Object.assign(document.createElement("div"), { className: "do" });
    if (!item.deleted) actions.append(button(setup.edit, () => fill({ ...item, based_on: item.based_on ?? "" })));
    actions.append(button(setup.delete, () => drop(item), true));
    if (item.deleted) actions.replaceChildren();
    line.append(paragraph(what), ...(item.refused ? [paragraph(words.refused)] : []), actions);
    return line;
  }));
  // What is shown as waiting is not shown twice.
  const ids = new Set(waiting.map((item) => item.entry_id));
  for (const stored of document.querySelectorAll("#entries [data-entry]")) {
    stored.hidden = ids.has(JSON.parse(stored.dataset.entry).entry_id);
  }
}

function conflicts() {
  return JSON.parse(localStorage.getItem(conflictsKey) ?? "[]");
}

function showConflicts() {
  const section = document.getElementById("conflicts");
  const found = conflicts();
  section.hidden = found.length === 0;
  section.replaceChildren(...found.map(({ holds, other }, index) => {
    const notice = Object.assign(document.createElement("div"), { className: "notice" });
    const done = () => {
      localStorage.setItem(conflictsKey, JSON.stringify(conflicts().filter((_, n) => n !== index)));
      showConflicts();
    };
    const actions = Object.assign(document.createElement("div"), { className: "do" });
    const instead = () => { done(); keep({ ...other, simulated: false, was: holds, based_on: holds.version, edited_utc_ms: Math.max(Date.now(), holds.edited_utc_ms + 1) }); };
    actions.append(button(words.conflict_other, instead), " ", button(words.conflict_done, done));
    const title = Object.assign(document.createElement("strong"), { textContent: words.conflict_title });
    notice.append(
      title,
      paragraph(words.conflict_kept.replace("{version}", described(holds))),
      paragraph(words.conflict_lost.replace("{version}", described(other))),
      actions,
    );
    return notice;
  }));
}

/** Keeps a version here, then tries to send it. Returns whether it is safe. */
async function keep(item) {
  try {
    kept.keep(item);
  } catch {
    say(words.cannot_keep);
    return false;
  }
  showKept();
  say(words.sending);
  await send();
  return true;
}

function drop(item) {
  // Told to the dashboard even where it seems never to have had it: perhaps only its answer was lost.
  const edited = Math.max(Date.now(), item.edited_utc_ms + 1);
  const { entry_id, based_on } = item;
  return keep({ entry_id, deleted: true, was: item, edited_utc_ms: edited, based_on });
}

let sending = null;

/** Sends what waits; a page whose entries were taken shows them as the dashboard has them. */
async function send() {
  // One at a time; whoever comes meanwhile has theirs sent behind it.
  while (sending) await sending;
  if (kept.all().length === 0) return;
  sending = kept.send();
  const { arrived, state } = await sending.finally(() => { sending = null; });
  const met = arrived.filter((became) => became.other);
  if (met.length) {
    localStorage.setItem(conflictsKey, JSON.stringify([...conflicts(), ...met.map(({ holds, other }) => ({ holds, other }))]));
  }
  showKept();
  showConflicts();
  if (arrived.length && document.getElementById("entries")) await refresh();
  const said = { sent: words.sent, away: words.kept, login: words.log_in, refused: words.refused, other: words.not_yours };
  say(said[state]);
}

async function refresh() {
  try {
    const answer = await fetch(location.pathname === "/diary" ? location.href : "/diary");
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("entries");
    if (fresh) document.getElementById("entries").replaceChildren(...fresh.childNodes);
    showKept();
  } catch {
    // Away again: what was sent is safe, and shows at the next opening.
  }
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const entry = read();
  const before = kept.get(entry.entry_id);
  if (before && !before.deleted) entry.based_on = before.based_on;
  if (await keep(entry)) {
    if (location.pathname !== "/diary" && !document.getElementById("entries")) {
      if (kept.all().length === 0) location.assign("/diary?told=stored#entries");
      return;
    }
    empty();
    news.scrollIntoView({ block: "center" });
  }
});

/** The entry of the dashboard that a link or a form stands in, and what its version is called. */
function stored(part) {
  const { entry, version } = part.closest("[data-entry]").dataset;
  return { ...JSON.parse(entry), version };
}

document.getElementById("cancel").addEventListener("click", (event) => {
  if (!document.getElementById("entries")) return;
  event.preventDefault();
  empty();
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-edit]");
  if (!link) return;
  event.preventDefault();
  fill(stored(link));
});

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-delete]")) return;
  event.preventDefault();
  const entry = stored(event.target);
  drop({ ...entry, based_on: entry.version });
});

addEventListener("online", send);
addEventListener("pageshow", send);
document.addEventListener("visibilitychange", () => { if (!document.hidden) send(); });
setInterval(send, AGAIN_MS);

showKept();
showConflicts();
if (kept.others) say(words.not_yours);
