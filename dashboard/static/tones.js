// Short tones, one after another: [hertz, seconds] each. A browser sounds only after it was touched once.

const LOUDNESS = 0.14;

let audio = null;
const ready = () => (audio ??= new AudioContext());

export function play(tones) {
  const context = ready();
  context.resume();
  let from = context.currentTime;
  for (const [hertz, lasts] of tones) {
    const oscillator = context.createOscillator();
    const gain = context.createGain();
    oscillator.frequency.value = hertz;
    gain.gain.setValueAtTime(0, from);
    gain.gain.linearRampToValueAtTime(LOUDNESS, from + 0.015); // ramps, so that nothing clicks
    gain.gain.linearRampToValueAtTime(0, from + lasts);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(from);
    oscillator.stop(from + lasts);
    from += lasts;
  }
}

// `button` switches tones, off until asked for; what was chosen is kept in this browser alone, under `key`.
// Returns a function that plays the tones of a name, where they are wanted; `sample` is heard when they are.
export function toneButton(button, key, tones, sample) {
  let on = localStorage.getItem(key) === "on";
  const show = () => button.setAttribute("aria-pressed", String(on));
  show();
  button.hidden = false;
  button.addEventListener("click", () => {
    on = !on;
    localStorage.setItem(key, on ? "on" : "off");
    show();
    if (on) play(tones[sample]);
  });
  document.addEventListener("pointerdown", () => on && ready().resume());
  return (name) => on && play(tones[name] ?? []);
}
