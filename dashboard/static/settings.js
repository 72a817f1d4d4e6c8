// The thresholds against the live angle: marks to drag or to move by arrow keys, one with the number fields.

import { Connection } from "./connection.js";
import "./readout.js";
import { liveTrace } from "./trace.js";

const setup = JSON.parse(document.getElementById("live-setup").textContent);
const figure = document.getElementById("live-trace");
const LEAST_APART_DEG = 3; // as the device insists: less, and noise alone would toggle
const STEP_DEG = 0.5;
const PAGE_DEG = 5;

const trace = liveTrace(figure, { ...setup, range_deg: [-15, 45] });
const marks = [...figure.querySelectorAll(".mark")].map((element) => ({
  element,
  field: document.getElementById(element.dataset.for),
}));
const [enter, exit] = marks;
const lowest = (field) => Number(field.min);
const highest = (field) => Number(field.max);
const wanted = () => Number(enter.field.value);
let apart = wanted() - Number(exit.field.value);

const inRange = (field, value) => Math.min(highest(field), Math.max(lowest(field), value));
const words = (value) => `${String(value).replace(".", setup.decimal)}°`;

function place() {
  for (const { element, field } of marks) {
    const value = Number(field.value);
    if (!field.value || Number.isNaN(value)) continue;
    element.hidden = false;
    element.style.top = `${trace.y(value)}px`;
    element.firstElementChild.textContent = words(value);
    element.setAttribute("aria-valuenow", String(value));
    element.setAttribute("aria-valuetext", words(value));
  }
  trace.threshold(wanted());
}

function set(mark, value) {
  mark.field.value = inRange(mark.field, Math.round(value / STEP_DEG) * STEP_DEG);
  moved(mark);
}

// The end of a slouch moves along with its beginning, and never comes closer than it may.
function moved(mark) {
  if (mark === enter) exit.field.value = inRange(exit.field, wanted() - Math.max(LEAST_APART_DEG, apart));
  else {
    const closest = wanted() - LEAST_APART_DEG;
    if (Number(exit.field.value) > closest) exit.field.value = inRange(exit.field, closest);
    apart = wanted() - Number(exit.field.value);
  }
  place();
}

for (const mark of marks) {
  const { element, field } = mark;
  field.addEventListener("change", () => moved(mark));
  if (field.disabled || field.closest("fieldset")?.disabled) continue;
  element.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    element.focus();
    element.setPointerCapture(event.pointerId);
  });
  element.addEventListener("pointermove", (event) => {
    if (!element.hasPointerCapture(event.pointerId)) return;
    set(mark, trace.angle(event.clientY));
  });
  element.addEventListener("keydown", (event) => {
    const steps = {
      ArrowUp: STEP_DEG, ArrowRight: STEP_DEG, ArrowDown: -STEP_DEG, ArrowLeft: -STEP_DEG,
      PageUp: PAGE_DEG, PageDown: -PAGE_DEG, Home: -100, End: 100,
    };
    if (!(event.key in steps)) return;
    event.preventDefault();
    set(mark, Number(field.value) + steps[event.key]);
  });
}
new ResizeObserver(place).observe(figure);
place();

new Connection({
  reading: (message) => message.device === setup.device && trace.add(message.data),
  settings: (message) => message.device === setup.device && taken(message.data?.taken),
});

// What waited for the device: it is back and has dealt with it.
function taken(request) {
  const waits = document.getElementById("waits");
  if (!waits || request?.id !== waits.dataset.id) return;
  const told = document.createElement("p");
  told.setAttribute("role", "status");
  told.textContent = request.refused ? setup.waits_refused.replace("{detail}", request.refused) : setup.waits_taken;
  waits.replaceChildren(told);
}
