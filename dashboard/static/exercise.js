// The coach's screen: shows the progress that the device tells, or leads by time where there is no device.
// Nothing is said to have been seen that the device does not say.

import { TimedCoach } from "./coach.js";
import { Connection, mark, since } from "./connection.js";
import { keep, store } from "./exercise_kept.js";
import { pace } from "./pace.js";

const setup = JSON.parse(document.getElementById("exercise-setup").textContent);
const $ = (id) => document.getElementById(`coach-${id}`);
const root = document.getElementById("coach");
const sound = pace($("sound"));
const SILENT_MS = 4000; // a device under way says something every second
const RUNNING = new Set(["position", "countdown", "move", "hold", "return", "rest", "paused"]);

const say = (key, values = {}) =>
  setup.texts[key].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
const number = (value, digits = 1) => value.toFixed(digits).replace(".", setup.decimal);

let by = null; // the device that leads, "" for the page, null before the start
let timed = null; // the page's own coach
let began = 0;
let shown = null; // the latest progress
let heardAt = mark();
let finished = false;

function text(id, value) {
  const element = $(id);
  if (element.textContent !== value) element.textContent = value;
}

function news(words, link = false) {
  const line = $("news");
  line.textContent = words;
  line.hidden = !words;
  if (link) {
    const help = document.createElement("a");
    help.href = "/help";
    help.textContent = document.querySelector(".get-help").textContent;
    line.append(" ", help);
    help.focus();
  }
}

// What is spoken: every change of phase once, not every second of it.
let spoken = "";
function speak(words) {
  if (words === spoken) return;
  spoken = words;
  $("spoken").textContent = words;
}

function remark(progress) {
  const key = `remark_${progress.remark}`;
  if (!(key in setup.texts)) return "";
  const position = progress.position ? say(`position_${progress.position}`) : "";
  return say(key, { position, held: progress.held_s === null ? "" : number(progress.held_s) });
}

function show(progress) {
  const { phase } = progress;
  const changed = shown?.phase !== phase || shown?.repetition !== progress.repetition;
  shown = progress;
  heardAt = mark();
  root.dataset.state = RUNNING.has(phase) ? "running" : "after";
  root.dataset.phase = phase;
  const seconds = Math.ceil(progress.remaining_s);
  text("word", say(`phase_${phase}`, { s: seconds }));
  text("line", remark(progress) || (phase === "position" ? say("line_position") : "\u00a0"));
  text("seconds", seconds > 0 && phase !== "countdown" ? say("seconds", { s: seconds }) : "\u00a0");
  text("count", say("of", { n: progress.repetition, of: progress.repetitions }));
  text("seen", by ? String(progress.seen) : say("seen_none"));
  text("steady", progress.steadiness_deg === null ? "–" : `${number(progress.steadiness_deg)}°`);
  const share = progress.lasts_s ? 1 - progress.remaining_s / progress.lasts_s : phase === "ended" ? 1 : 0;
  $("hold").setAttribute("aria-valuenow", String(Math.round(100 * share)));
  root.style.setProperty("--share", share.toFixed(3));
  if (changed) {
    root.style.setProperty("--move-s", `${phase === "move" || phase === "return" ? progress.lasts_s : 0.4}s`);
    const figure = $("figure");
    if (figure) figure.dataset.phase = phase === "hold" ? "held" : phase;
    speak([remark(progress), say(`phase_${phase}`, { s: seconds })].filter(Boolean).join(" "));
  }
  if (progress.cue !== "none") sound(progress.cue);
  buttons();
}

function buttons() {
  const running = shown !== null && RUNNING.has(shown.phase) && by !== null;
  const waits = running && (shown.phase === "paused" || (shown.phase === "position" && by));
  $("start").hidden = running || setup.left <= 0;
  $("by").hidden = running || setup.left <= 0;
  $("enough").hidden = setup.left > 0;
  $("pause").hidden = !running || shown.phase === "paused" || shown.phase === "position";
  $("resume").hidden = !waits;
  text("resume", say(shown?.phase === "position" ? "anyway" : "resume"));
  for (const id of ["stop", "worse", "keys"]) $(id).hidden = !running;
}

// The end: what was done, in words that tell the seen from the counted.
function ended({ done, seen, held_s, outcome }) {
  if (finished) return;
  finished = true;
  setup.left = Math.max(0, setup.left - done);
  setup.set_number += done > 0 ? 1 : 0;
  setup.done += done;
  text("dose", setup.dose.replace("{done}", setup.done));
  const lines = [say(by ? "line_ended" : "line_page", { done, seen, timed: done - seen })];
  if (seen) lines.push(say("line_held", { held: number(held_s, 0) }));
  text("word", say(outcome === "finished" ? "phase_ended" : "phase_stopped"));
  text("line", lines.join(" "));
  text("seconds", "\u00a0");
  speak(`${$("word").textContent}. ${lines.join(" ")}`);
  if (outcome === "worse") news(say("noted_worse"), true);
  else if (outcome === "left") news(say("left"));
  const held = by;
  by = null;
  root.dataset.state = "after";
  buttons();
  if (outcome !== "worse" && !$("start").hidden) $("start").focus();
  if (held === "") release();
}

// The phone stays awake while the page leads, where the browser can.
let wakeLock = null;
async function stayAwake() {
  try {
    wakeLock = await navigator.wakeLock?.request("screen");
  } catch {
    wakeLock = null; // a low battery, or a browser that will not: the sound goes on
  }
}
function release() {
  wakeLock?.release();
  wakeLock = null;
}

async function start() {
  const chosen = document.querySelector('input[name="by"]:checked').value;
  news("");
  finished = false;
  shown = null;
  if (chosen) {
    by = chosen;
    if (!(await ask("start"))) {
      by = null;
      buttons();
      return;
    }
    focusRunning();
    return;
  }
  by = "";
  began = Date.now();
  stayAwake();
  const plan = { ...setup, repetitions: Math.min(setup.repetitions, setup.left) };
  timed = new TimedCoach(plan, (progress) => {
    show(progress);
    if (progress.phase === "ended") afterTimed(progress.cue === "done" ? "finished" : stopReason, progress);
  });
  timed.start(performance.now() / 1000);
  focusRunning();
}

const focusRunning = () => ($("pause").hidden ? $("stop") : $("pause")).focus();

let stopReason = "stopped";
async function afterTimed(outcome, progress) {
  const done = {
    set_id: identity(),
    start_utc_ms: began,
    end_utc_ms: Math.max(began, Date.now()),
    planned: progress.repetitions,
    by_time: progress.by_time,
    outcome,
  };
  timed = null;
  ended({ done: done.by_time, seen: 0, held_s: 0, outcome });
  if (!(await keep(setup.wearer, setup.key, done)) && outcome !== "worse") news(say("store_later"));
}

// `crypto.randomUUID` needs https; a dashboard at home may have none.
function identity() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function ask(action) {
  try {
    const answer = await fetch(`/exercises/${setup.key}/ask?of=${setup.wearer}`, {
      method: "POST",
      body: new URLSearchParams({ device: by, action }),
    });
    const { accepted, why, detail } = answer.ok ? await answer.json() : { accepted: false, why: "silent" };
    if (!accepted) news(say(why, { detail }));
    return accepted;
  } catch {
    news(say("silent"));
    return false;
  }
}

const doing = {
  pause: () => (by ? ask("pause") : timed?.pause(performance.now() / 1000)),
  resume: () => (by ? ask("resume") : timed?.resume(performance.now() / 1000)),
  stop: (reason = "stopped") => {
    stopReason = reason;
    return by ? ask(reason === "worse" ? "worse" : "stop") : timed?.stop(performance.now() / 1000);
  },
};

async function act(action, reason) {
  const focused = document.activeElement;
  await doing[action](reason);
  // Where a button went away under the focus, the next one takes it.
  if (!focused?.hidden) return;
  const next = [$("news").querySelector("a"), $("resume"), $("pause"), $("start")];
  next.find((one) => one && !one.hidden)?.focus();
}

$("start").addEventListener("click", start);
$("pause").addEventListener("click", () => act("pause"));
$("resume").addEventListener("click", () => act("resume"));
$("stop").addEventListener("click", () => act("stop"));
$("worse").addEventListener("click", () => act("stop", "worse"));
document.addEventListener("keydown", (event) => {
  if (by === null || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "Escape") act("stop");
  else if (event.key === " " && !event.target.closest("button, a, input, summary")) {
    event.preventDefault();
    act($("pause").hidden ? "resume" : "pause");
  }
});

setInterval(() => {
  if (timed) timed.step(performance.now() / 1000);
  else if (by && shown && shown.phase !== "paused" && since(heardAt) > SILENT_MS) news(say("lost"));
}, 100);

const heard = {
  exercise(message) {
    const progress = message.data;
    if (by === "" || (by && message.device !== by)) return;
    if (progress === null || progress.exercise !== setup.key) return;
    // One that is under way already, begun by the button or on another page; an end from before says nothing.
    if (by === null) {
      if (!RUNNING.has(progress.phase)) return;
      by = message.device;
      finished = false;
    }
    $("simulated").hidden = !message.simulated;
    if (!$("news").hidden && !$("news").querySelector("a")) news("");
    if (!finished) show(progress);
  },
  event(message) {
    const { data } = message;
    if (message.kind !== "exercise_ended" || data.exercise !== setup.key || message.device !== by) return;
    ended({ done: data.seen + data.by_time, seen: data.seen, held_s: data.held_s, outcome: data.outcome });
  },
  status(message) {
    const box = document.querySelector(`input[name="by"][value="${CSS.escape(message.device)}"]`);
    if (!box) return;
    box.disabled = !message.online;
    box.closest("label").querySelector("[data-offline]").hidden = message.online;
    if (message.online && !chosen) box.checked = true; // the sensor leads where there is one
  },
};
let chosen = false;
for (const box of document.querySelectorAll('input[name="by"]')) {
  box.addEventListener("change", () => (chosen = true));
}

buttons();
store(setup.wearer);
new Connection(heard);
