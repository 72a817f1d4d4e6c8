// The figure on the page: follows a reading within about a tenth of a second, so that ten a second look like a movement.

import { LEGS, arcs, neutralLine, pose, slouchBand } from "./figure.js";

const FOLLOW_MS = 45; // time constant
const still = matchMedia("(prefers-reduced-motion: reduce)");

export class Person {
  #figure;
  #parts;
  #shown = { upper: 0, lower: null };
  #wanted = { upper: 0, lower: null };
  #frame = 0;
  #frameAt = 0;

  constructor(figure, enterDeg) {
    this.#figure = figure;
    const part = (id) => figure.querySelector(`#${id}`);
    this.#parts = Object.fromEntries(
      ["torso", "neck", "head", "arm", "sensor", "sensor-lower", "needle", "arc", "arc-slouch", "slouch-band"]
        .map((id) => [id, part(id)]),
    );
    part("legs").setAttribute("d", LEGS);
    part("neutral").setAttribute("d", neutralLine());
    this.threshold(enterDeg);
    this.#draw();
    document.addEventListener("visibilitychange", () => this.#follow());
  }

  // Where a slouch begins, degrees from neutral.
  threshold(enterDeg) {
    const { whole, slouch } = arcs(enterDeg);
    this.#parts["slouch-band"].setAttribute("d", slouchBand(enterDeg));
    this.#parts.arc.setAttribute("d", whole);
    this.#parts["arc-slouch"].setAttribute("d", slouch);
    this.#figure.dataset.enter = enterDeg;
  }

  bend(upper, lower) {
    this.#wanted = { upper, lower };
    this.#follow();
  }

  set posture(name) {
    this.#figure.dataset.posture = name;
  }

  // "reminded", "corrected" or null.
  set news(kind) {
    if (kind) this.#figure.dataset.news = kind;
    else delete this.#figure.dataset.news;
  }

  #follow() {
    if (this.#frame || document.hidden) return;
    this.#frameAt = performance.now();
    this.#frame = requestAnimationFrame((now) => this.#step(now));
  }

  #step(now) {
    const share = still.matches ? 1 : 1 - Math.exp(-(now - this.#frameAt) / FOLLOW_MS);
    const [shown, wanted] = [this.#shown, this.#wanted];
    this.#frameAt = now;
    let moving = false;
    for (const key of ["upper", "lower"]) {
      if (wanted[key] === null || shown[key] === null) shown[key] = wanted[key];
      else if (Math.abs(wanted[key] - shown[key]) < 0.02) shown[key] = wanted[key];
      else {
        shown[key] += share * (wanted[key] - shown[key]);
        moving = true;
      }
    }
    this.#draw();
    this.#frame = moving ? requestAnimationFrame((at) => this.#step(at)) : 0;
  }

  #draw() {
    const { upper, lower } = this.#shown;
    const p = pose(upper, lower);
    const parts = this.#parts;
    parts.torso.setAttribute("d", p.torso);
    parts.neck.setAttribute("d", p.neck);
    parts.head.setAttribute("transform", p.head);
    parts.arm.setAttribute("d", p.arm);
    parts.sensor.setAttribute("transform", p.sensor);
    parts["sensor-lower"].setAttribute("transform", p.sensorLower);
    parts["sensor-lower"].setAttribute("visibility", lower === null ? "hidden" : "visible");
    parts.needle.setAttribute("cx", p.needle.x.toFixed(1));
    parts.needle.setAttribute("cy", p.needle.y.toFixed(1));
  }
}
