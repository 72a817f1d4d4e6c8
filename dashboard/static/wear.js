// Putting it on: shows where the device's guide is. Each message is complete in itself, so a page that is
// reloaded or was cut off in the middle shows the right thing as soon as it hears again.

import { Connection, mark, since } from "./connection.js";
import { cueButton } from "./cues.js";
import { Person } from "./person.js";

const setup = JSON.parse(document.getElementById("wear-setup").textContent);
const texts = setup.texts;
const $ = (id) => document.getElementById(id);
const STALE_MS = 3000;

const number = (value, digits = 0) => value.toFixed(digits).replace("-", "−").replace(".", setup.decimal);
const say = (key, values = {}) => texts[key].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

function text(id, value) {
  const element = $(id);
  if (element.textContent !== value) element.textContent = value;
}

const person = new Person($("figure"), setup.enter_deg);
const sound = cueButton($("guide-sound"));
let online = setup.online;
let brokerReached = true;
let readAt = null;

// Where the guide is ------------------------------------------------------------------------------

let progress = null;
let said = "";

// What a step found, in the reader's language; the device's own words where it is newer than this page.
function found(p) {
  const key = `found_${p.finding}`;
  if (!(key in texts)) return p.text;
  const values = Object.fromEntries(
    Object.entries(p.values).map(([name, value]) => [name, number(value, Math.abs(value) < 10 && !Number.isInteger(value) && !name.startsWith("moved") ? 1 : 0)]),
  );
  return say(key, values);
}

const title = (p) => say(p.step === null ? `title_${p.finding === "too_poor" ? "too_poor" : p.phase}` : `title_${p.step}`);

function show(p) {
  const before = progress;
  progress = p;
  const active = p !== null;
  $("guide").hidden = !active;
  for (const id of ["check", "plans"]) if ($(id)) $(id).hidden = active;
  document.body.dataset.guide = active ? p.phase : "";
  if (!active) {
    if (before) refresh();
    return;
  }
  const over = p.phase === "finished" || p.phase === "left";
  const waits = p.phase === "ready" || p.phase === "rejected";
  text("guide-steps", over ? say(`plan_${p.plan}`) : `${say(`plan_${p.plan}`)} · ${say("step_of", { n: p.index, count: p.count })}${p.attempt > 1 ? ` · ${say("attempt", { n: p.attempt })}` : ""}`);
  text("guide-title", title(p));
  text("guide-text", p.step === null ? (p.finding ? found(p) : p.text) : say(`step_${p.step}`));
  $("guide-found").hidden = p.step === null || p.finding === null;
  if (p.finding !== null && p.step !== null) text("guide-found", found(p));
  $("guide-found").dataset.kind = p.phase;
  count(p);
  motion(p);
  result(p);
  button("guide-press", waits, p.phase === "rejected" ? say("again") : say("press"));
  button("guide-skip", p.optional && !over && p.phase !== "accepted", say("skip"));
  button("guide-leave", true, over ? say("done") : say("leave"));
  for (const field of document.querySelectorAll("#guide input[name=index]")) field.value = p.index;
  speak(p);
  if (p.cue !== "none" && p !== before) sound(p.cue);
  focus(p, before);
}

function button(id, shown, words) {
  text(id, words);
  $(id).closest("form").hidden = !shown;
}

function count(p) {
  const runs = p.phase === "countdown" || p.phase === "hold";
  $("guide-count").hidden = !runs;
  if (!runs) return;
  text("guide-seconds", String(p.remaining_s));
  text("guide-doing", p.phase === "countdown" ? say("countdown") : say(doing(p.step)));
}

const doing = (step) => (step === "bow" ? "doing_bow" : step === "sides" ? "doing_sides" : step === "rest" ? "doing_rest" : "doing_still");

function motion(p) {
  $("guide-motion").hidden = p.phase !== "hold" || p.motion === null;
  if (p.phase !== "hold" || p.motion === null) return;
  const { moved_deg: moved, at_most_deg: most, at_least_deg: least } = p.motion;
  const meter = $("guide-meter");
  if (most !== null) Object.assign(meter, { max: 2 * most, high: most, low: most, optimum: 0, value: Math.min(moved, 2 * most) });
  else Object.assign(meter, { max: 2.5 * least, low: least, high: 2.5 * least, optimum: 2.4 * least, value: Math.min(moved, 2.5 * least) });
  text("guide-moved", say(most !== null ? "moved_of_most" : "moved_of_least", { moved: number(moved), limit: number(most ?? least) }));
}

function result(p) {
  const list = $("guide-result");
  list.hidden = !p.result;
  if (!p.result) return;
  const { before, after, turned_deg: turned } = p.result;
  const rated = (rating) => (rating ? `${say(`grade_${rating.grade}`)}, ${say("error", { error: number(rating.expected_error_deg, 1) })}` : say("never"));
  const rows = [[say("before"), rated(before)], [say("after"), rated(after)]];
  if (after.weak.length) rows.push([say("weak"), after.weak.map((w) => texts[`weak_${w}`] ?? w).join(" · ")]);
  if (turned !== null) rows.push([say("turned"), say("turned_by", { angle: number(turned, turned < 10 ? 1 : 0) })]);
  list.replaceChildren(
    ...rows.map(([term, value]) => {
      const row = document.createElement("div");
      row.append(Object.assign(document.createElement("dt"), { textContent: term }));
      row.append(Object.assign(document.createElement("dd"), { textContent: value }));
      return row;
    }),
  );
}

// Said once a phase: a screen reader need not count along.
function speak(p) {
  const now = `${p.plan} ${p.index} ${p.phase} ${p.attempt}`;
  if (now === said) return;
  said = now;
  if (p.phase === "rejected") return text("guide-alarm", found(p));
  text("guide-alarm", "");
  const step = p.step === null ? "" : say(`step_${p.step}`);
  const words = {
    ready: step,
    countdown: say("spoken_countdown", { n: p.remaining_s }),
    hold: p.step === null ? "" : say(doing(p.step)),
    accepted: p.finding === null ? "" : found(p),
    finished: `${title(p)} ${found(p)}`,
    left: found(p),
  };
  text("guide-spoken", words[p.phase]);
}

// The keyboard goes where the next press is.
function focus(p, before) {
  if (before !== null && before.phase === p.phase && before.index === p.index) return;
  const waits = p.phase === "ready" || p.phase === "rejected";
  if (before === null) $("guide-title").focus();
  else if (document.activeElement === document.body || $("guide").contains(document.activeElement)) {
    if (waits) $("guide-press").focus();
    else if (p.phase === "finished" || p.phase === "left") $("guide-title").focus();
  }
}

// What is heard -----------------------------------------------------------------------------------

function link() {
  const state = !connection.open || !brokerReached ? "lost" : online ? "live" : "offline";
  const key = !connection.open ? "reconnecting" : !brokerReached ? "no_broker" : online ? "live" : "offline";
  $("wear-link").dataset.state = state;
  text("wear-link", say(`link_${key}`));
  for (const one of document.querySelectorAll("form[data-ask] button")) one.disabled = state !== "live";
  if (readAt === null || since(readAt) > STALE_MS) {
    person.posture = "unknown";
    text("wear-angle", "\u00a0");
  }
}

function angle({ flexion_deg: flexion, lateral_deg: lateral }) {
  if (flexion === null) return "\u00a0";
  const whole = (value) => `${number(Math.abs(Math.round(value)))}°`;
  let words = Math.round(flexion) === 0 ? say("at_neutral") : say(flexion > 0 ? "forward" : "backward", { angle: whole(flexion) });
  if (lateral !== null && Math.abs(lateral) >= 4) words += `, ${say(lateral > 0 ? "right" : "left", { angle: whole(lateral) })}`;
  return words;
}

const mine = (message) => message.device === setup.device;
const connection = new Connection({
  reading(message) {
    if (!mine(message)) return;
    const { data } = message;
    readAt = mark();
    person.posture = data.posture;
    if (data.upper_deg !== null) person.bend(data.upper_deg, data.lower_deg);
    text("wear-angle", angle(data));
  },
  guide: (message) => mine(message) && show(message.data),
  status(message) {
    if (mine(message)) online = message.online;
    link();
  },
  link(message) {
    brokerReached = message.reached;
    link();
  },
  stored: () => refreshSoon(),
});
setInterval(link, 1000);

let refreshing = 0;
function refreshSoon() {
  refreshing ||= setTimeout(refresh, 700);
}

async function refresh() {
  clearTimeout(refreshing);
  refreshing = 0;
  const part = $("fit-part");
  if (part.contains(document.activeElement)) return;
  try {
    const answer = await fetch(`/part/fit/${setup.device}`, { cache: "no-store" });
    if (!answer.ok || answer.redirected) return;
    const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
    part.replaceWith(parsed.getElementById("fit-part"));
  } catch {
    // The connection is away; the next news refreshes.
  }
}

// What is pressed ---------------------------------------------------------------------------------

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.dataset.ask) return;
  event.preventDefault();
  const pressed = form.querySelector("button");
  pressed.setAttribute("aria-busy", "true");
  const line = $("guide-told");
  let told = "silent";
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
      headers: { Accept: "application/json" },
    });
    if (answer.ok) told = (await answer.json()).told;
  } catch {
    // Cut off: said as a silence.
  }
  pressed.removeAttribute("aria-busy");
  // A press that came too late for its step is no news: the page shows the step that is there by now.
  line.hidden = told === "accepted" ? form.dataset.ask !== "accept" : told === "refused" && form.dataset.ask === "press";
  if (!line.hidden) line.textContent = say(`told_${told}`);
  if (told === "accepted" && form.dataset.ask === "start" && progress?.step === null) said = "";
});
