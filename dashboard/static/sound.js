// A tone for a reminder and another for its correction, for who wants to hear them. Off until asked for.

const KEY = "plumbline-sound";
const TONES = { reminded: [392, 330], corrected: [523, 659] }; // Hz: falling, rising
const TONE_S = 0.16;
const LOUDNESS = 0.12;

let audio = null;

// `button` switches it; what was chosen is kept in this browser alone.
export function soundButton(button) {
  const show = (on) => button.setAttribute("aria-pressed", String(on));
  let on = localStorage.getItem(KEY) === "on";
  show(on);
  button.hidden = false;
  button.addEventListener("click", () => {
    on = !on;
    localStorage.setItem(KEY, on ? "on" : "off");
    show(on);
    if (on) play("corrected");
  });
  // A browser lets no page sound before it was touched.
  if (on) document.addEventListener("pointerdown", () => ready().resume(), { once: true });
  return { play: (kind) => on && play(kind) };
}

const ready = () => (audio ??= new AudioContext());

function play(kind) {
  const context = ready();
  context.resume();
  sound(context, TONES[kind]);
}

function sound(context, tones) {
  tones.forEach((hertz, n) => {
    const from = context.currentTime + n * TONE_S;
    const oscillator = context.createOscillator();
    const gain = context.createGain();
    oscillator.frequency.value = hertz;
    gain.gain.setValueAtTime(0, from);
    gain.gain.linearRampToValueAtTime(LOUDNESS, from + 0.02); // ramps, so that nothing clicks
    gain.gain.linearRampToValueAtTime(0, from + TONE_S);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(from);
    oscillator.stop(from + TONE_S);
  });
}
