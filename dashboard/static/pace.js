// The pace by sound: a tone for each cue, so that nobody has to look. Off until asked for.

import { play } from "./tones.js";

const KEY = "plumbline-pace";
// Rising to go, falling to come back, three to be done.
const TONES = {
  tick: [[440, 0.08]],
  go: [[440, 0.14], [587, 0.22]],
  held: [[587, 0.1]],
  release: [[587, 0.14], [440, 0.22]],
  done: [[523, 0.14], [659, 0.14], [784, 0.28]],
  wrong: [[220, 0.3]],
  pause: [[330, 0.2]],
  stop: [[330, 0.2]],
};

// `box` is the check box that switches it; what was chosen is kept in this browser alone.
export function pace(box) {
  box.checked = localStorage.getItem(KEY) === "on";
  box.addEventListener("change", () => {
    localStorage.setItem(KEY, box.checked ? "on" : "off");
    if (box.checked) play(TONES.held);
  });
  return (cue) => box.checked && cue in TONES && play(TONES[cue]);
}
