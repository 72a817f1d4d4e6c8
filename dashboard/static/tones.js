// Short tones, one after another: [hertz, seconds] each. A browser sounds only after it was touched once.

const LOUDNESS = 0.14;

let audio = null;

export function play(tones) {
  audio ??= new AudioContext();
  audio.resume();
  let from = audio.currentTime;
  for (const [hertz, lasts] of tones) {
    const oscillator = audio.createOscillator();
    const gain = audio.createGain();
    oscillator.frequency.value = hertz;
    gain.gain.setValueAtTime(0, from);
    gain.gain.linearRampToValueAtTime(LOUDNESS, from + 0.015); // ramps, so that nothing clicks
    gain.gain.linearRampToValueAtTime(0, from + lasts);
    oscillator.connect(gain).connect(audio.destination);
    oscillator.start(from);
    oscillator.stop(from + lasts);
    from += lasts;
  }
}
