// The first page: the live figure in words, and today's part, refreshed as it is stored.

import { Connection, mark, of, since } from "./connection.js";
import { Person } from "./person.js";
import { attach } from "./readout.js";

const setup = JSON.parse(document.getElementById("live-setup").textContent);
const texts = setup.texts;
const $ = (id) => document.getElementById(id);
const STALE_MS = 3000; // readings come ten a second: three seconds without one is a silence
const REFRESH_MS = 2500;
const NEWS_MS = 6000;

const say = (key, values = {}) => texts[key].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
const degrees = (value) => `${Math.abs(value).toFixed(setup.angle_digits).replace(".", setup.decimal)}°`;

const person = new Person($("figure"), setup.enter_deg);
const icon = document.querySelector("link[rel=icon]");
let readAt = setup.read_ago_s === null ? null : mark(1000 * setup.read_ago_s); // of the last reading known of
let reading = false; // whether one has come to this page
let slouchedSince = null;

function text(id, value) {
  const element = $(id);
  if (element.textContent !== value) element.textContent = value;
}

let stateSaid = "";
const speak = (words) => text("live-spoken", words);

const elapsed = (seconds) => (seconds < 60 ? `${Math.floor(seconds)} s` : `${Math.floor(seconds / 60)} min`);

// The state, where a glance at the tabs or the home screen finds it.
function badge(word, shape) {
  const title = `${word} · ${setup.name}`;
  if (document.title !== title) document.title = title;
  if (icon.dataset.shape === shape) return;
  icon.dataset.shape = shape;
  icon.href = `${setup.static}/icon-${shape}.svg`;
}

function show(data) {
  reading = true;
  readAt = mark();
  document.body.dataset.posture = data.posture;
  person.posture = data.posture;
  if (data.upper_deg !== null) person.bend(data.upper_deg, data.lower_deg);
  const state = data.unjudged ? say(`unjudged_${data.unjudged}`) : say(data.posture);
  let word = state;
  if (data.posture === "slouched") {
    slouchedSince ??= data.t_s;
    const lasted = data.t_s - slouchedSince;
    if (lasted >= 5) word += ` ${say("slouched_for", { time: elapsed(lasted) })}`;
  } else slouchedSince = null;
  text("live-word", word);
  if (state !== stateSaid) speak(state); // once, so that news stay said
  stateSaid = state;
  text("live-angle", angleWords(data));
  const caption = data.sensors === 2 ? say("two_sensors") : say("one_sensor");
  text("live-caption", data.unjudged ? unjudgedWords(data.unjudged, caption) : caption);
  badge(state, { upright: "upright", slouched: "slouched", unknown: "unknown" }[data.posture] ?? "other");
  link("live", say("live"));
  trace?.add(data);
}

// What can be done about it, where something can; else that it is not judged.
function unjudgedWords(why, caption) {
  return `hint_${why}` in texts ? say(`hint_${why}`) : `${say("unjudged_hint")} ${caption}`;
}

function angleWords(data) {
  // An angle of nobody's back, or from a neutral that is none any more, says nothing.
  if (data.flexion_deg === null || `hint_${data.unjudged}` in texts) return "\u00a0";
  const rounded = (value) => Number(value.toFixed(setup.angle_digits));
  const flexion = rounded(data.flexion_deg);
  const lateral = data.lateral_deg === null ? 0 : rounded(data.lateral_deg);
  let words = say("neutral");
  if (flexion > 0) words = say("forward", { angle: degrees(flexion) });
  if (flexion < 0) words = say("backward", { angle: degrees(flexion) });
  if (Math.abs(lateral) >= 4) words += `, ${say(lateral > 0 ? "right" : "left", { angle: degrees(lateral) })}`;
  return words;
}

function link(state, words) {
  const chip = $("live-link");
  if (chip.dataset.state !== state) chip.dataset.state = state;
  text("live-link", words);
}

const ago = (ms) => {
  const s = Math.round(ms / 1000);
  if (s < 90) return say("seconds_ago", { n: s });
  if (s < 5400) return say("minutes_ago", { n: Math.round(s / 60) });
  if (s < 172_800) return say("hours_ago", { n: Math.round(s / 3600) });
  return say("days_ago", { n: Math.round(s / 86_400) });
};

const online = new Map();
let brokerReached = true;

// What is said while no reading comes: which part of the way is cut, and since when.
function silence() {
  if (reading && since(readAt) < STALE_MS) return;
  document.body.dataset.posture = "unknown";
  person.posture = "unknown";
  const seen = readAt ? ` · ${say("last_seen", { time: ago(since(readAt)) })}` : "";
  const away = online.size > 0 && ![...online.values()].some(Boolean);
  if (!connection.open) link("lost", say("reconnecting") + seen);
  else if (!brokerReached) link("lost", say("no_broker") + seen);
  else if (away) link("offline", say("offline") + seen);
  else link("waiting", say("waiting") + seen);
  if (reading || (away && readAt)) {
    text("live-word", say("unknown"));
    text("live-angle", "\u00a0");
  }
  if (away && connection.open && brokerReached) text("live-caption", say("hint_away"));
  badge(say("unknown"), "unknown");
  stateSaid = "";
}

let shownDevice = null;
function chosen(device) {
  // One figure: the device that was heard first, until it falls silent.
  if (shownDevice === null || !readAt || since(readAt) > STALE_MS) shownDevice = device;
  return device === shownDevice;
}

const heard = {
  reading(message) {
    if (!chosen(message.device)) return;
    $("live-simulated").hidden = !message.simulated;
    show(message.data);
  },
  status(message) {
    online.set(message.device, message.online);
    if (message.read_ago_s !== null) {
      const at = mark(1000 * message.read_ago_s);
      if (!readAt || since(at) < since(readAt)) readAt = at;
    }
    if ("first" in $("live").dataset) location.reload();
    else silence();
  },
  link(message) {
    brokerReached = message.reached;
  },
  event(message) {
    const { data } = message;
    if (message.kind === "slouch_alert") news(say("reminded"), "reminded");
    if (message.kind === "slouch_ended" && data.corrected_after_s !== null) {
      news(say("corrected", { time: elapsed(data.corrected_after_s) }), "corrected");
    }
  },
  // Where a slouch begins is the device's to say.
  settings(message) {
    if (!message.data || (shownDevice ?? message.device) !== message.device) return;
    setup.enter_deg = message.data.rules.slouch_enter_deg;
    person.threshold(setup.enter_deg);
    trace?.threshold(setup.enter_deg);
  },
  stored({ at }) {
    if (at <= storedAt) return;
    storedAt = at;
    refreshSoon();
  },
};

// A reminder and its correction are said for a while, in words and on the figure.
let newsTimer = 0;
function news(words, kind) {
  const line = $("live-news");
  line.textContent = words;
  line.dataset.kind = kind;
  line.hidden = false;
  person.news = kind;
  speak(words);
  sound?.(kind);
  clearTimeout(newsTimer);
  newsTimer = setTimeout(() => {
    line.hidden = true;
    person.news = null;
  }, NEWS_MS);
}

let storedAt = setup.made_at_s; // up to when this page knows what is stored
let refresh = 0;
let refreshedAt = null;
function refreshSoon() {
  if (refresh) return;
  const wait = refreshedAt ? Math.max(0, REFRESH_MS - since(refreshedAt)) : 0;
  refresh = setTimeout(async () => {
    refresh = 0;
    refreshedAt = mark();
    const part = $("today-part");
    // Nobody's finger or keyboard loses its place: a chart that is being read is refreshed later.
    if (!part || part.contains(document.activeElement) || part.querySelector("details[open]")) return;
    try {
      const answer = await fetch(`/part/today${of}`, { cache: "no-store" });
      if (!answer.ok || answer.redirected) return; // a password stands before it now
      const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
      part.replaceWith(parsed.getElementById("today-part"));
      attach($("today-part"));
    } catch {
      // The connection is away; the next news refreshes.
    }
  }, wait);
}

let opened = false;
const connection = new Connection(heard, () => {
  if (opened) refreshSoon(); // whatever came while this page was away
  opened = true;
});
setInterval(silence, 1000);

// What the first glance does not need comes after it.
let trace = null;
let sound = null;
const idle = window.requestIdleCallback ?? ((f) => setTimeout(f, 200));
idle(async () => {
  if ($("live-trace")) trace = (await import("./trace.js")).liveTrace($("live-trace"), setup);
  sound = (await import("./sound.js")).soundButton($("live-sound"));
  if (document.body.classList.contains("kiosk")) (await import("./kiosk.js")).stayAwake();
});
