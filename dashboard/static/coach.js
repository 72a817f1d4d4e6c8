// The coach of the page alone: one set by time. It sees nothing, and says nothing that it has not seen.
// The phases are those of the device's coach (`exercise_progress`), so one screen shows both.

const COUNTDOWN_S = 3;

export class TimedCoach {
  #plan;
  #phase = "countdown";
  #repetition = 1;
  #done = 0;
  #endsAt = 0;
  #left = 0;
  #told;

  // `plan`: move_s, hold_s, rest_s, repetitions, set_number; `told` takes each progress.
  constructor(plan, told) {
    this.#plan = plan;
    this.#told = told;
  }

  get done() {
    return this.#done;
  }

  get over() {
    return this.#phase === "ended";
  }

  get paused() {
    return this.#phase === "paused";
  }

  start(now) {
    this.#enter("countdown", COUNTDOWN_S, "tick", now);
  }

  // A pause begins the repetition under way anew, as on the device.
  pause(now) {
    if (!this.over && !this.paused) this.#enter("paused", 0, "pause", now);
  }

  resume(now) {
    if (this.paused) this.#enter("countdown", COUNTDOWN_S, "tick", now);
  }

  stop(now) {
    if (!this.over) this.#enter("ended", 0, "stop", now);
  }

  // `now` in seconds, on any steady clock; called as often as one likes.
  step(now) {
    if (this.over || this.paused) return;
    // A page that slept for long has coached nobody meanwhile.
    if (now - this.#endsAt > 5) return this.pause(now);
    while (!this.over && !this.paused && now >= this.#endsAt) this.#next(this.#endsAt);
    const left = Math.ceil(this.#endsAt - now);
    if (left !== this.#left && !this.over) {
      this.#left = left;
      this.#tell(this.#phase === "countdown" ? "tick" : "none", now);
    }
  }

  #next(now) {
    const { move_s, hold_s, rest_s, repetitions } = this.#plan;
    if (this.#phase === "countdown" || this.#phase === "rest") this.#enter("move", move_s, "go", now);
    else if (this.#phase === "move") this.#enter("hold", hold_s, "held", now);
    else if (this.#phase === "hold") this.#enter("return", move_s, "release", now);
    else {
      this.#done += 1;
      if (this.#done >= repetitions) return this.#enter("ended", 0, "done", now);
      this.#repetition += 1;
      if (rest_s > 0) this.#enter("rest", rest_s, "none", now);
      else this.#enter("move", move_s, "go", now);
    }
  }

  #enter(phase, lasts, cue, now) {
    this.#phase = phase;
    this.lasts = lasts;
    this.#endsAt = now + lasts;
    this.#left = Math.ceil(lasts);
    this.#tell(cue, now);
  }

  #tell(cue, now) {
    this.#told({
      phase: this.#phase,
      set_number: this.#plan.set_number,
      repetition: this.#repetition,
      repetitions: this.#plan.repetitions,
      seen: 0,
      by_time: this.#done,
      lasts_s: this.lasts,
      remaining_s: Math.max(0, this.#endsAt - now),
      position: null,
      extension_deg: null,
      held_s: null,
      steadiness_deg: null,
      remark: "none",
      cue,
    });
  }
}
