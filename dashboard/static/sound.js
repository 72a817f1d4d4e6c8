// A tone for a reminder, which falls, and another for its correction, which rises, for who wants to hear them.

import { toneButton } from "./tones.js";

const TONES = { reminded: [[392, 0.16], [330, 0.16]], corrected: [[523, 0.16], [659, 0.16]] };

export const soundButton = (button) => toneButton(button, "plumbline-sound", TONES, "corrected");
