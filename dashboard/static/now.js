// The live figure: readings from the WebSocket, drawn once a frame; today's part refreshed as it is stored.

import { LEGS, arcs, neutralLine, pose, slouchBand } from "./figure.js";
import { attach } from "./readout.js";

const setup = JSON.parse(document.getElementById("live-setup").textContent);
const texts = setup.texts;
const $ = (id) => document.getElementById(id);
const still = matchMedia("(prefers-reduced-motion: reduce)");
const STALE_MS = 3000; // readings come ten a second: three seconds without one is a silence
const LOST_MS = 6000; // the server says something at least every two
const REFRESH_MS = 2500;
const NEWS_MS = 6000;

const say = (key, values = {}) => texts[key].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
const degrees = (value) => `${Math.abs(Math.round(value))}°`;

const shapes = {
  torso: $("torso"), neck: $("neck"), head: $("head"), arm: $("arm"),
  sensor: $("sensor"), lower: $("sensor-lower"), needle: $("needle"), figure: $("figure"),
};
$("legs").setAttribute("d", LEGS);
$("neutral").setAttribute("d", neutralLine());
$("slouch-band").setAttribute("d", slouchBand(setup.enter_deg));
const { whole, slouch } = arcs(setup.enter_deg);
$("arc").setAttribute("d", whole);
$("arc-slouch").setAttribute("d", slouch);

const shown = { upper: 0, lower: null };
let wanted = { upper: 0, lower: null };
let reading = null;
let readAt = 0;
let slouchedSince = null;
let frame = 0;
let frameAt = 0;

function draw() {
  const p = pose(shown.upper, shown.lower);
  shapes.torso.setAttribute("d", p.torso);
  shapes.neck.setAttribute("d", p.neck);
  shapes.head.setAttribute("transform", p.head);
  shapes.arm.setAttribute("d", p.arm);
  shapes.sensor.setAttribute("transform", p.sensor);
  shapes.lower.setAttribute("transform", p.sensorLower);
  shapes.lower.setAttribute("visibility", shown.lower === null ? "hidden" : "visible");
  shapes.needle.setAttribute("cx", p.needle.x.toFixed(1));
  shapes.needle.setAttribute("cy", p.needle.y.toFixed(1));
}

// The figure follows a reading within about a tenth of a second, so that ten a second look like a movement.
function step(now) {
  const share = still.matches ? 1 : 1 - Math.exp(-(now - frameAt) / 45);
  frameAt = now;
  let moving = false;
  for (const key of ["upper", "lower"]) {
    if (wanted[key] === null || shown[key] === null) shown[key] = wanted[key];
    else if (Math.abs(wanted[key] - shown[key]) < 0.02) shown[key] = wanted[key];
    else {
      shown[key] += share * (wanted[key] - shown[key]);
      moving = true;
    }
  }
  draw();
  frame = moving ? requestAnimationFrame(step) : 0;
}

function follow() {
  if (frame || document.hidden) return;
  frameAt = performance.now();
  frame = requestAnimationFrame(step);
}

function text(id, value) {
  const element = $(id);
  if (element.textContent !== value) element.textContent = value;
}

let stateSaid = "";
const speak = (words) => text("live-spoken", words);

function elapsed(seconds) {
  return seconds < 60 ? `${Math.floor(seconds)} s` : `${Math.floor(seconds / 60)} min`;
}

function show(data) {
  reading = data;
  readAt = performance.now();
  document.body.dataset.posture = data.posture;
  shapes.figure.dataset.posture = data.posture;
  if (data.upper_deg !== null) {
    wanted = { upper: data.upper_deg, lower: data.lower_deg };
    follow();
  }
  let word = data.unjudged ? say(`unjudged_${data.unjudged}`) : say(data.posture);
  if (data.posture === "slouched") {
    slouchedSince ??= data.t_s;
    const lasted = data.t_s - slouchedSince;
    if (lasted >= 5) word += ` ${say("slouched_for", { time: elapsed(lasted) })}`;
  } else slouchedSince = null;
  text("live-word", word);
  const state = data.unjudged ? say(`unjudged_${data.unjudged}`) : say(data.posture);
  if (state !== stateSaid) speak(state); // once, so that news stay said
  stateSaid = state;
  text("live-angle", angleWords(data));
  const caption = data.sensors === 2 ? say("two_sensors") : say("one_sensor");
  text("live-caption", data.unjudged ? `${say("unjudged_hint")} ${caption}` : caption);
  const title = `${data.unjudged ? say(`unjudged_${data.unjudged}`) : say(data.posture)} · ${setup.name}`;
  if (document.title !== title) document.title = title;
  link("live", say("live"));
}

function angleWords(data) {
  if (data.flexion_deg === null) return "\u00a0";
  const flexion = Math.round(data.flexion_deg);
  const lateral = data.lateral_deg === null ? 0 : Math.round(data.lateral_deg);
  const angle = degrees(flexion);
  let words = say("neutral");
  if (flexion >= 1) words = say("forward", { angle });
  if (flexion <= -1) words = say("backward", { angle });
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
  return say("hours_ago", { n: Math.round(s / 3600) });
};

const online = new Map();
let brokerReached = true;
let socket = null;
let heardAt = performance.now();
let retryMs = 500;
let retry = 0;

function silence() {
  const now = performance.now();
  if (socket?.readyState === WebSocket.OPEN && now - heardAt > LOST_MS) socket.close();
  if (reading && now - readAt < STALE_MS) return;
  document.body.dataset.posture = "unknown";
  shapes.figure.dataset.posture = "unknown";
  const seen = reading ? ` · ${say("last_seen", { time: ago(now - readAt) })}` : "";
  if (socket?.readyState !== WebSocket.OPEN) link("lost", say("reconnecting") + seen);
  else if (!brokerReached) link("lost", say("no_broker") + seen);
  else if (online.size && ![...online.values()].some(Boolean)) link("offline", say("offline") + seen);
  else link("waiting", say("waiting") + seen);
  if (reading) {
    text("live-word", say("unknown"));
    text("live-angle", "\u00a0");
  }
  document.title = `${say("unknown")} · ${setup.name}`;
}

let shownDevice = null;
function chosen(device) {
  // One figure: the device that was heard first, until it falls silent.
  if (shownDevice === null || performance.now() - readAt > STALE_MS) shownDevice = device;
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
    if ("first" in $("live").dataset) location.reload();
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
  stored: () => refreshSoon(),
  pulse() {},
};

// A reminder and its correction are said for a while, in words and on the figure.
let newsTimer = 0;
function news(words, kind) {
  const line = $("live-news");
  line.textContent = words;
  line.dataset.kind = kind;
  line.hidden = false;
  shapes.figure.dataset.news = kind;
  speak(words);
  clearTimeout(newsTimer);
  newsTimer = setTimeout(() => {
    line.hidden = true;
    delete shapes.figure.dataset.news;
  }, NEWS_MS);
}

function connect() {
  clearTimeout(retry);
  if (socket || document.hidden) return;
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const opened = new WebSocket(`${scheme}//${location.host}/live`);
  socket = opened;
  heardAt = performance.now();
  opened.onopen = () => {
    retryMs = 500;
    refreshSoon();
  };
  opened.onmessage = (event) => {
    heardAt = performance.now();
    const message = JSON.parse(event.data);
    heard[message.type]?.(message);
  };
  opened.onclose = () => {
    if (socket === opened) socket = null;
    retry = setTimeout(connect, retryMs);
    retryMs = Math.min(2 * retryMs, 8000);
  };
}

let refresh = 0;
let refreshedAt = 0;
function refreshSoon() {
  if (refresh) return;
  const wait = Math.max(0, refreshedAt + REFRESH_MS - performance.now());
  refresh = setTimeout(async () => {
    refresh = 0;
    refreshedAt = performance.now();
    const part = $("today-part");
    // Nobody's finger or keyboard loses its place: a chart that is being read is refreshed later.
    if (!part || part.contains(document.activeElement) || part.querySelector("details[open]")) return;
    try {
      const answer = await fetch("/part/today", { cache: "no-store" });
      if (!answer.ok) return;
      const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
      part.replaceWith(parsed.getElementById("today-part"));
      attach($("today-part"));
    } catch {
      // The connection is away; the next news refreshes.
    }
  }, wait);
}

// A hidden page lets go, so that the sensor sends readings only while someone looks.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    clearTimeout(retry);
    socket?.close();
  } else {
    retryMs = 500;
    connect();
    follow();
  }
});
window.addEventListener("online", () => connect());
window.addEventListener("pageshow", () => connect());
setInterval(silence, 1000);

draw();
connect();
