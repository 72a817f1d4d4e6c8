// The last minute of the angle, running from right to left; the same numbers as a table and as CSV.

const SPAN_MS = 60_000;
const GAP_MS = 1000; // two readings further apart than this are not joined
const BEHIND_MS = 150; // shown this much late, so that a reading that comes late still comes in time
const FRAME_MS = 30; // about thirty frames a second
const STILL_MS = 1000; // with reduced motion one a second
const LOW_DEG = -15;
const HIGH_DEG = 40;
const STEP_DEG = 10;

const still = matchMedia("(prefers-reduced-motion: reduce)");
const dark = matchMedia("(prefers-color-scheme: dark)");

// `setup`: texts, angle_digits, decimal, enter_deg; `range_deg` for an axis that does not grow with what is measured.
export function liveTrace(figure, setup) {
  return new Trace(figure, setup);
}

class Trace {
  #figure;
  #plot;
  #canvas;
  #setup;
  #samples = []; // {at, t_s, deg, posture}: at on this page's steady clock
  #offsetMs = null; // this clock minus the device's
  #colours = {};
  #drawnAt = 0;
  #cursorAt = null; // the sample that is being read
  #enterDeg;

  constructor(figure, setup) {
    this.#figure = figure;
    this.#setup = setup;
    this.#enterDeg = setup.enter_deg;
    this.#plot = figure.querySelector(".plot");
    this.#canvas = figure.querySelector("canvas");
    const measure = () => this.#measure();
    new ResizeObserver(measure).observe(this.#canvas);
    dark.addEventListener("change", measure);
    measure();
    this.#readable();
    this.#numbers();
    requestAnimationFrame((now) => this.#frame(now));
  }

  threshold(enterDeg) {
    this.#enterDeg = enterDeg;
    this.#drawnAt = 0;
  }

  // Where an angle stands, pixels from the top of the drawing, on an axis of a given range.
  y(deg) {
    const [low, high] = this.#setup.range_deg;
    return (this.#canvas.clientHeight * (high - deg)) / (high - low);
  }

  // The angle at a height of the window.
  angle(clientY) {
    const [low, high] = this.#setup.range_deg;
    const box = this.#canvas.getBoundingClientRect();
    return high - ((clientY - box.top) / box.height) * (high - low);
  }

  #axis() {
    if (this.#setup.range_deg) return this.#setup.range_deg;
    const known = this.#samples.filter(({ deg }) => deg !== null).map(({ deg }) => deg);
    return [Math.min(LOW_DEG, ...known) - 2, Math.max(HIGH_DEG, ...known, this.#enterDeg) + 2];
  }

  // Readings are dated by the device, so that a hasty network makes no wave in the line.
  add(data) {
    const now = performance.now();
    const offset = now - 1000 * data.t_s;
    const last = this.#samples.at(-1);
    if (last && data.t_s <= last.t_s) [this.#samples, this.#offsetMs] = [[], null]; // the device began anew
    // The earliest arrival tells the clocks' difference; it is let go slowly, should they drift apart.
    const strayed = this.#offsetMs === null || Math.abs(offset - this.#offsetMs) > 2000;
    this.#offsetMs = strayed ? offset : Math.min(this.#offsetMs + 0.2, offset);
    this.#samples.push({
      at: this.#offsetMs + 1000 * data.t_s, t_s: data.t_s, deg: data.flexion_deg,
      posture: data.posture,
    });
    while (this.#samples[0].at < now - SPAN_MS - GAP_MS) this.#samples.shift();
  }

  #measure() {
    const style = getComputedStyle(document.documentElement);
    const names = ["ink", "soft", "line", "neutral", "upright", "slouched", "unknown"];
    for (const name of [...names, "leaning_forward", "leaning_back", "side_bent"]) {
      this.#colours[name] = style.getPropertyValue(`--${name}`).trim();
    }
    const ratio = window.devicePixelRatio || 1;
    this.#canvas.width = Math.round(this.#canvas.clientWidth * ratio);
    this.#canvas.height = Math.round(this.#canvas.clientHeight * ratio);
    this.#drawnAt = 0;
  }

  #frame(now) {
    if (now - this.#drawnAt >= (still.matches ? STILL_MS : FRAME_MS)) {
      this.#drawnAt = now;
      this.#draw(now - BEHIND_MS);
    }
    requestAnimationFrame((next) => this.#frame(next));
  }

  #draw(end) {
    const context = this.#canvas.getContext("2d");
    const ratio = window.devicePixelRatio || 1;
    const width = this.#canvas.width / ratio;
    const height = this.#canvas.height / ratio;
    const [low, high] = this.#axis();
    const x = (at) => width * (1 - (end - at) / SPAN_MS);
    const y = (deg) => (height * (high - Math.min(high, Math.max(low, deg)))) / (high - low);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    this.#ground(context, width, y, low, high);
    this.#line(context, x, y);
    if (this.#cursorAt) this.#cursor(context, x(this.#cursorAt.at), height);
  }

  #ground(context, width, y, low, high) {
    const { line, soft, slouched, neutral } = this.#colours;
    context.fillStyle = slouched;
    context.globalAlpha = 0.09;
    context.fillRect(0, 0, width, y(this.#enterDeg));
    context.globalAlpha = 1;
    context.font = "11px system-ui, sans-serif";
    context.textBaseline = "bottom";
    context.lineWidth = 1;
    for (let deg = Math.ceil(low / STEP_DEG) * STEP_DEG; deg <= high - 3; deg += STEP_DEG) {
      context.strokeStyle = deg === 0 ? neutral : line;
      context.setLineDash(deg === 0 ? [1, 4] : []);
      stroke(context, [[0, y(deg)], [width, y(deg)]]);
      context.fillStyle = soft;
      context.fillText(`${String(deg).replace("-", "−")}°`, 1, y(deg) - 1);
    }
    context.setLineDash([5, 4]);
    context.strokeStyle = slouched;
    stroke(context, [[0, y(this.#enterDeg)], [width, y(this.#enterDeg)]]);
    context.setLineDash([]);
  }

  // One stroke for each stretch of the same kind; a gap is a gap, the unknown is thin and dotted.
  #line(context, x, y) {
    let piece = [];
    let before = null;
    const end = () => {
      if (piece.length < 2) return;
      const name = before.posture;
      context.strokeStyle = this.#colours[name];
      context.lineWidth = name === "unknown" ? 1.5 : name === "slouched" ? 3 : 2;
      context.setLineDash(name === "unknown" ? [1, 3] : []);
      context.lineJoin = "round";
      stroke(context, piece);
    };
    for (const sample of this.#samples) {
      const point = [x(sample.at), y(sample.deg)];
      const apart = !before || sample.deg === null || before.deg === null || sample.at - before.at > GAP_MS;
      if (apart || sample.posture !== before.posture) {
        if (!apart) piece.push(point);
        end();
        piece = [];
      }
      if (sample.deg !== null) piece.push(point);
      before = sample;
    }
    end();
    context.setLineDash([]);
  }

  #cursor(context, x, height) {
    context.strokeStyle = this.#colours.ink;
    context.lineWidth = 1.5;
    stroke(context, [[x, 0], [x, height]]);
  }

  #say(key, values) {
    return this.#setup.texts[key].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  }

  #degrees(value) {
    const words = value.toFixed(this.#setup.angle_digits).replace(".", this.#setup.decimal);
    return `${words.replace("-", "−")}°`;
  }

  #words(sample) {
    const seconds = Math.max(0, Math.round((this.#samples.at(-1).at - sample.at) / 1000));
    const angle = sample.deg === null ? "–" : this.#degrees(sample.deg);
    return `${this.#say("seconds_ago", { n: seconds })} · ${angle} · ${this.#setup.texts[sample.posture]}`;
  }

  // Touch, mouse and arrow keys; the reading that is chosen moves along with the line.
  #readable() {
    const output = this.#figure.querySelector(".readout");
    const read = (sample) => {
      if (!sample) return;
      this.#cursorAt = sample;
      this.#drawnAt = 0;
      output.textContent = this.#words(sample);
      this.#plot.setAttribute("aria-valuetext", output.textContent);
      const seconds = Math.round((this.#samples.at(-1).at - sample.at) / 1000);
      this.#plot.setAttribute("aria-valuenow", String(-seconds));
    };
    const nearest = (at) => {
      let best = null;
      for (const one of this.#samples) if (!best || Math.abs(one.at - at) < Math.abs(best.at - at)) best = one;
      return best;
    };
    const point = (event) => {
      const box = this.#plot.getBoundingClientRect();
      const share = (event.clientX - box.left) / box.width;
      read(nearest(performance.now() - BEHIND_MS - SPAN_MS * (1 - share)));
    };
    const leave = () => {
      this.#cursorAt = null;
      output.textContent = output.dataset.hint;
    };
    this.#plot.addEventListener("pointermove", point);
    this.#plot.addEventListener("pointerdown", point);
    this.#plot.addEventListener("pointerleave", leave);
    this.#plot.addEventListener("blur", leave);
    this.#plot.addEventListener("keydown", (event) => {
      const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10, Home: -60, End: 60 };
      if (!(event.key in steps) || !this.#samples.length) return;
      event.preventDefault();
      const from = this.#cursorAt ?? this.#samples.at(-1);
      read(nearest(from.at + 1000 * steps[event.key]));
    });
  }

  // The table stands still while it is read; opening it again takes the present minute.
  #numbers() {
    const details = this.#figure.querySelector("details");
    const body = details.querySelector("tbody");
    details.addEventListener("toggle", () => {
      if (!details.open) return;
      const last = this.#samples.at(-1)?.at ?? 0;
      const rows = this.#samples.filter((_, i) => (this.#samples.length - 1 - i) % 10 === 0).reverse();
      body.replaceChildren(
        ...rows.map((sample) => {
          const row = document.createElement("tr");
          const head = document.createElement("th");
          head.scope = "row";
          head.textContent = this.#say("seconds_ago", { n: Math.round((last - sample.at) / 1000) });
          row.append(head);
          for (const text of [
            sample.deg === null ? "–" : this.#degrees(sample.deg), this.#setup.texts[sample.posture],
          ]) row.insertCell().textContent = text;
          return row;
        }),
      );
    });
    const link = details.querySelector("a[download]");
    link.addEventListener("click", () => {
      const lines = this.#samples.map(({ t_s, deg, posture }) => `${t_s},${deg ?? ""},${posture}`);
      URL.revokeObjectURL(link.href);
      link.href = URL.createObjectURL(
        new Blob([["t_s,flexion_deg,posture", ...lines, ""].join("\n")], { type: "text/csv" }),
      );
    });
  }
}

function stroke(context, points) {
  context.beginPath();
  for (const [x, y] of points) context.lineTo(x, y);
  context.stroke();
}
