// The self-check of each device: what its live messages say about the way, the sensors and the judging.

import { Connection, mark, since } from "./connection.js";

const { texts } = JSON.parse(document.getElementById("live-setup").textContent);
const WINDOW_S = 5; // readings are counted over this much of the device's own time
const FEWEST_A_SECOND = 9; // of ten
const SILENT_MS = 3000;
const SIGMA_LIMIT_DEG = 5; // beyond it the device judges nothing (rules: sigma_limit_deg)

const say = (key, values = {}) => texts[key].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
const decimal = (value) => value.toFixed(1).replace(".", texts.decimal);

class Check {
  #section;
  #times = []; // t_s of the latest readings
  #latest = null;
  #readAt = null;
  sigmaLimit = SIGMA_LIMIT_DEG;
  online = false;

  constructor(section) {
    this.#section = section;
  }

  reading(data) {
    if (this.#times.length && data.t_s <= this.#times.at(-1)) this.#times = []; // the device began anew
    this.#times.push(data.t_s);
    while (this.#times[0] < data.t_s - WINDOW_S) this.#times.shift();
    this.#latest = data;
    this.#readAt = mark();
  }

  machine(data) {
    const put = (name, words) => {
      this.#section.querySelector(`[data-of=${name}]`).textContent = words;
    };
    if (data?.battery_percent != null) {
      put("battery", `${Math.round(data.battery_percent)} %${data.charging ? `, ${say("charging")}` : ""}`);
    }
    if (data?.signal_dbm != null) {
      const level = data.signal_dbm >= -67 ? "good" : data.signal_dbm >= -80 ? "fair" : "poor";
      const dbm = String(Math.round(data.signal_dbm)).replace("-", "−");
      put("signal", say("level", { words: say(`signal_${level}`), dbm }));
    }
    if (data?.undervoltage != null) {
      this.#show("supply", !data.undervoltage, say(data.undervoltage ? "supply_weak" : "supply_good"));
    } else this.#section.querySelector("[data-for=supply]").hidden = true;
  }

  look(open, brokerReached) {
    const cut = !open ? "link_server" : !brokerReached ? "link_broker" : !this.online ? "link_offline" : "";
    this.#show("link", !cut, say(cut || "link_good"));
    if (this.#latest === null) return;
    const silent = since(this.#readAt) > SILENT_MS;
    const lasted = this.#times.at(-1) - this.#times[0];
    if (silent) {
      this.#show("readings", false, say("readings_none", { s: Math.round(since(this.#readAt) / 1000) }));
    } else if (lasted > 1) {
      const rate = (this.#times.length - 1) / lasted;
      const good = rate >= FEWEST_A_SECOND;
      this.#show("readings", good, say(good ? "readings_good" : "readings_few", { rate: decimal(rate) }));
    }
    for (const one of ["sensors", "certain", "judged"]) {
      if (silent) this.#show(one, null, say("waiting"));
      else this[one](this.#latest);
    }
  }

  sensors({ sensors, unjudged }) {
    const lost = sensors === 0 || unjudged === "sensor_lost";
    this.#show("sensors", !lost, say(lost ? "sensors_lost" : sensors === 2 ? "sensors_two" : "sensors_one"));
  }

  certain({ sigma_deg: sigma }) {
    if (sigma === null) return this.#show("certain", null, say("waiting"));
    const good = sigma <= this.sigmaLimit;
    return this.#show("certain", good, say(good ? "certain_good" : "certain_bad", { sigma: decimal(sigma) }));
  }

  judged({ posture, unjudged }) {
    if (unjudged) this.#show("judged", null, say("judged_not", { reason: texts[`unjudged_${unjudged}`] }));
    else this.#show("judged", true, say("judged_good", { posture: texts[posture] }));
  }

  // `good`: true, false, or null for neither.
  #show(name, good, words) {
    const line = this.#section.querySelector(`[data-for=${name}]`);
    line.hidden = false;
    line.dataset.state = good === null ? "waiting" : good ? "good" : "bad";
    const said = line.querySelector(".said");
    if (said.textContent !== words) said.textContent = words;
  }
}

const checks = new Map();
for (const section of document.querySelectorAll("[data-device]")) {
  checks.set(section.dataset.device, new Check(section));
}
let brokerReached = true;

const connection = new Connection({
  reading: ({ device, data }) => checks.get(device)?.reading(data),
  machine: ({ device, data }) => checks.get(device)?.machine(data),
  settings({ device, data }) {
    const check = checks.get(device);
    if (check && data) check.sigmaLimit = data.rules.sigma_limit_deg ?? SIGMA_LIMIT_DEG;
  },
  status({ device, online }) {
    const check = checks.get(device);
    if (check) check.online = online;
    else location.reload(); // one that was not there when the page was made
  },
  link({ reached }) {
    brokerReached = reached;
  },
});
setInterval(() => checks.forEach((check) => check.look(connection.open, brokerReached)), 500);
