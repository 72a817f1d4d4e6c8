// What a guide sounds like, for who wants to hear it: the eyes may be elsewhere. Off until asked for.

const KEY = "plumbline-guide-sound";
const TONES = { tick: [[660, 0.07]], go: [[880, 0.2]], good: [[660, 0.12], [880, 0.2]], wrong: [[220, 0.18], [196, 0.28]] };
const LOUDNESS = 0.14;

let audio = null;
const ready = () => (audio ??= new AudioContext());

// `button` switches it; what was chosen is kept in this browser alone. Returns a function that plays a cue.
export function cueButton(button) {
  let on = localStorage.getItem(KEY) === "on";
  const show = () => button.setAttribute("aria-pressed", String(on));
  show();
  button.hidden = false;
  button.addEventListener("click", () => {
    on = !on;
    localStorage.setItem(KEY, on ? "on" : "off");
    show();
    if (on) play("good");
  });
  // A browser lets no page sound before it was touched.
  document.addEventListener("pointerdown", () => on && ready().resume());
  return (cue) => on && play(cue);
}

function play(cue) {
  const context = ready();
  context.resume();
  let from = context.currentTime;
  for (const [hertz, lasting] of TONES[cue] ?? []) {
    const oscillator = context.createOscillator();
    const gain = context.createGain();
    oscillator.frequency.value = hertz;
    gain.gain.setValueAtTime(0, from);
    gain.gain.linearRampToValueAtTime(LOUDNESS, from + 0.015); // ramps, so that nothing clicks
    gain.gain.linearRampToValueAtTime(0, from + lasting);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(from);
    oscillator.stop(from + lasting);
    from += lasting;
  }
}
