// The list of exercises: says when a chosen time has come, and stores what was done while nobody could be reached.

import { Connection } from "./connection.js";
import { kept, store } from "./exercise_kept.js";

const setup = JSON.parse(document.getElementById("exercises-setup").textContent);
const due = document.getElementById("due");
const waiting = document.getElementById("kept");

new Connection({
  event({ kind, data }) {
    if (kind === "exercise_due") {
      due.textContent = setup.due.replace("{name}", setup.names[data.exercise] ?? data.exercise);
      due.hidden = false;
    }
    if (kind === "exercise_ended") location.reload(); // the dose of today is another now
  },
});

const mine = () => kept().some(({ wearer }) => wearer === setup.wearer);
if (mine()) {
  waiting.hidden = false;
  if (await store(setup.wearer)) location.reload();
}
